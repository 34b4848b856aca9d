import { storeTransposed } from './store-transposed'

/**
 * turned[taps − 1 − k, p, c] = filter[k, c, p], or turned[k, p, c] if it is not reversed, `taps`
 * being all of the window's: `filter` and `turned` are addresses of float32.
 */
export function exchangeChannels(
  filter: usize,
  turned: usize,
  isReversed: bool,
  taps: i32,
  inChannels: i32,
  outChannels: i32,
): void {
  const size = (<usize>(inChannels * outChannels)) << 2
  for (let k = 0; k < taps; k++) {
    const tap = isReversed ? taps - 1 - k : k
    transposeMatrix(filter + size * k, turned + size * tap, inChannels, outChannels)
  }
}

/** to[p, c] = from[c, p], four by four where there are as many. */
function transposeMatrix(from: usize, to: usize, rows: i32, columns: i32): void {
  const fromStep = (<usize>columns) << 2
  const toStep = (<usize>rows) << 2
  const wholeRows = rows & ~3
  let column = 0
  for (; column + 4 <= columns; column += 4) {
    for (let row = 0; row < wholeRows; row += 4) {
      const source = from + fromStep * row + ((<usize>column) << 2)
      const target = to + toStep * column + ((<usize>row) << 2)
      storeTransposed(source, fromStep, target, toStep)
    }
    for (let row = wholeRows; row < rows; row++) {
      for (let k = 0; k < 4; k++) copyNumber(from, to, row, column + k, fromStep, toStep)
    }
  }
  for (; column < columns; column++) {
    for (let row = 0; row < rows; row++) copyNumber(from, to, row, column, fromStep, toStep)
  }
}

function copyNumber(
  from: usize,
  to: usize,
  row: i32,
  column: i32,
  fromStep: usize,
  toStep: usize,
): void {
  const value = load<f32>(from + fromStep * row + ((<usize>column) << 2))
  store<f32>(to + toStep * column + ((<usize>row) << 2), value)
}

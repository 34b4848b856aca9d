import { storeTransposed } from './store-transposed'

/** Columns of a panel, and the bytes of one of its rows. */
const panelColumns = 8
const panelStep: usize = 32

/** Rows of a panel. Two panels stay in the first cache. */
const panelRows = 128

/**
 * c[n, i, j] = Σ_k a[n, i, k] · b[n, k, j] for `count` pairs of matrices of float32. Steps are in
 * bytes, from one matrix, row or column to the next; a matrix that all pairs share has step 0. The
 * products follow each other. `scratch` has room for two panels of b, [128, 8] each, and a tile,
 * [4, 8].
 *
 * A panel meets four rows at a time: 8 sums, 2 values of b and 4 of a are f32x4. The sums of the
 * panels below each other are added up in c.
 */
export function multiplyMatrices(
  a: usize,
  b: usize,
  c: usize,
  scratch: usize,
  count: i32,
  rows: i32,
  inner: i32,
  columns: i32,
  aStep: usize,
  aRow: usize,
  aColumn: usize,
  bStep: usize,
  bRow: usize,
  bColumn: usize,
  cRow: usize,
  cColumn: usize,
): void {
  const panelSize = panelStep * panelRows
  const tile = scratch + (panelSize << 1)
  for (let n = 0; n < count; n++) {
    for (let start = 0; start < inner; start += panelRows) {
      const length = min<i32>(panelRows, inner - start)
      const left = a + aColumn * start
      const right = b + bRow * start
      for (let column = 0; column < columns; column += panelColumns) {
        const width = min<i32>(panelColumns, columns - column)
        // Few rows do not repay the copy.
        const isPacked = bColumn !== 4 || width < panelColumns || rows >= 16
        let panel = right + bColumn * column
        let step = bRow
        if (isPacked) {
          const half = (column / panelColumns) & 1
          // Two panels at once use whole lines of the cache.
          const isPair = bColumn === 4 && column + (2 - half) * panelColumns <= columns
          const own = scratch + panelSize * half
          if (!isPair) packPanel(panel, own, length, width, bRow, bColumn)
          else if (half === 0) packTwoPanels(panel, scratch, length, bRow)
          panel = own
          step = panelStep
        }
        const isWhole = width === panelColumns && cColumn === 4
        const isFirst = start === 0
        let from = left
        let to = c + cColumn * column
        let row = 0
        for (; row + 4 <= rows; row += 4) {
          if (isWhole) multiply4x8(from, panel, to, length, aRow, aColumn, step, cRow, isFirst)
          else {
            multiply4x8(from, panel, tile, length, aRow, aColumn, step, panelStep, true)
            addTile(tile, to, 4, width, cRow, cColumn, isFirst)
          }
          from += aRow << 2
          to += cRow << 2
        }
        for (; row < rows; row++) {
          if (isWhole) multiply1x8(from, panel, to, length, aColumn, step, isFirst)
          else {
            multiply1x8(from, panel, tile, length, aColumn, step, true)
            addTile(tile, to, 1, width, cRow, cColumn, isFirst)
          }
          from += aRow
          to += cRow
        }
      }
    }
    a += aStep
    b += bStep
    c += (<usize>(rows * columns)) << 2
  }
}

/** Adds a tile to c, or puts it there if it is the first. */
function addTile(
  tile: usize,
  c: usize,
  rows: i32,
  columns: i32,
  cRow: usize,
  cColumn: usize,
  isFirst: bool,
): void {
  for (let row = 0; row < rows; row++) {
    let to = c
    for (let column = 0; column < columns; column++) {
      const value = load<f32>(tile + ((<usize>column) << 2))
      store<f32>(to, isFirst ? value : load<f32>(to) + value)
      to += cColumn
    }
    tile += panelStep
    c += cRow
  }
}

/** Copies 16 columns of a matrix whose rows are contiguous. */
function packTwoPanels(b: usize, panel: usize, inner: i32, bRow: usize): void {
  const second = panelStep * panelRows
  for (let k = 0; k < inner; k++) {
    v128.store(panel, v128.load(b))
    v128.store(panel, v128.load(b, 16), 16)
    v128.store(panel + second, v128.load(b, 32))
    v128.store(panel + second, v128.load(b, 48), 16)
    panel += panelStep
    b += bRow
  }
}

/** Copies `width` columns of b to [inner, 8]; the others are zeros. */
function packPanel(
  b: usize,
  panel: usize,
  inner: i32,
  width: i32,
  bRow: usize,
  bColumn: usize,
): void {
  if (width === panelColumns && bColumn === 4) {
    for (let k = 0; k < inner; k++) {
      v128.store(panel, v128.load(b))
      v128.store(panel, v128.load(b, 16), 16)
      panel += panelStep
      b += bRow
    }
    return
  }
  if (width === panelColumns && bRow === 4) {
    packTransposed(b, panel, inner, bColumn)
    packTransposed(b + (bColumn << 2), panel + 16, inner, bColumn)
    return
  }
  if (width < panelColumns) memory.fill(panel, 0, panelStep * inner)
  for (let column = 0; column < width; column++) {
    let from = b + bColumn * column
    let to = panel + ((<usize>column) << 2)
    for (let k = 0; k < inner; k++) {
      store<f32>(to, load<f32>(from))
      to += panelStep
      from += bRow
    }
  }
}

/** Copies four columns whose numbers are contiguous to half a panel. */
function packTransposed(b: usize, panel: usize, inner: i32, bColumn: usize): void {
  let k = 0
  for (; k + 4 <= inner; k += 4) {
    storeTransposed(b, bColumn, panel, panelStep)
    b += 16
    panel += panelStep << 2
  }
  for (; k < inner; k++) {
    for (let column = 0; column < 4; column++) {
      store<f32>(panel + ((<usize>column) << 2), load<f32>(b + bColumn * column))
    }
    b += 4
    panel += panelStep
  }
}

/** Loads a sum of the panels above; zeros if there are none. */
function load4(c: usize, isFirst: bool): v128 {
  return isFirst ? f32x4.splat(0) : v128.load(c)
}

function multiply4x8(
  a: usize,
  panel: usize,
  c: usize,
  inner: i32,
  aRow: usize,
  aColumn: usize,
  step: usize,
  cRow: usize,
  isFirst: bool,
): void {
  const c1 = c + cRow
  const c2 = c1 + cRow
  const c3 = c2 + cRow
  let sum00 = load4(c, isFirst)
  let sum01 = load4(c + 16, isFirst)
  let sum10 = load4(c1, isFirst)
  let sum11 = load4(c1 + 16, isFirst)
  let sum20 = load4(c2, isFirst)
  let sum21 = load4(c2 + 16, isFirst)
  let sum30 = load4(c3, isFirst)
  let sum31 = load4(c3 + 16, isFirst)
  let a1 = a + aRow
  let a2 = a1 + aRow
  let a3 = a2 + aRow
  for (let k = 0; k < inner; k++) {
    const b0 = v128.load(panel)
    const b1 = v128.load(panel, 16)
    const value0 = v128.load32_splat(a)
    sum00 = f32x4.add(sum00, f32x4.mul(value0, b0))
    sum01 = f32x4.add(sum01, f32x4.mul(value0, b1))
    const value1 = v128.load32_splat(a1)
    sum10 = f32x4.add(sum10, f32x4.mul(value1, b0))
    sum11 = f32x4.add(sum11, f32x4.mul(value1, b1))
    const value2 = v128.load32_splat(a2)
    sum20 = f32x4.add(sum20, f32x4.mul(value2, b0))
    sum21 = f32x4.add(sum21, f32x4.mul(value2, b1))
    const value3 = v128.load32_splat(a3)
    sum30 = f32x4.add(sum30, f32x4.mul(value3, b0))
    sum31 = f32x4.add(sum31, f32x4.mul(value3, b1))
    panel += step
    a += aColumn
    a1 += aColumn
    a2 += aColumn
    a3 += aColumn
  }
  v128.store(c, sum00)
  v128.store(c, sum01, 16)
  v128.store(c1, sum10)
  v128.store(c1, sum11, 16)
  v128.store(c2, sum20)
  v128.store(c2, sum21, 16)
  v128.store(c3, sum30)
  v128.store(c3, sum31, 16)
}

function multiply1x8(
  a: usize,
  panel: usize,
  c: usize,
  inner: i32,
  aColumn: usize,
  step: usize,
  isFirst: bool,
): void {
  let sum0 = load4(c, isFirst)
  let sum1 = load4(c + 16, isFirst)
  for (let k = 0; k < inner; k++) {
    const value = v128.load32_splat(a)
    sum0 = f32x4.add(sum0, f32x4.mul(value, v128.load(panel)))
    sum1 = f32x4.add(sum1, f32x4.mul(value, v128.load(panel, 16)))
    panel += step
    a += aColumn
  }
  v128.store(c, sum0)
  v128.store(c, sum1, 16)
}

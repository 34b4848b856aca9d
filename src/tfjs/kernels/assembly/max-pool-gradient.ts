import { endTap, firstTap } from './window-taps'

/**
 * ∂/∂x of a 2-D maximum pool: each window's dy goes to its maximum, to the first one of a tie in
 * row-major order. f32x4 over the channels, which lie innermost.
 *
 * `x` and `dx` [batch, inHeight, inWidth, channels] and `dy` [batch, outHeight, outWidth, channels]
 * are addresses of float32.
 */
export function maxPoolGradient(
  x: usize,
  dy: usize,
  dx: usize,
  batch: i32,
  channels: i32,
  inHeight: i32,
  inWidth: i32,
  outHeight: i32,
  outWidth: i32,
  tapsHeight: i32,
  tapsWidth: i32,
  strideHeight: i32,
  strideWidth: i32,
  dilationHeight: i32,
  dilationWidth: i32,
  padTop: i32,
  padLeft: i32,
): void {
  const pixelBytes = (<usize>channels) << 2
  const isApart =
    strideHeight >= (tapsHeight - 1) * dilationHeight + 1 &&
    strideWidth >= (tapsWidth - 1) * dilationWidth + 1
  // Then each element of dx is written once, by windows of four channels.
  const isWritten =
    isApart &&
    channels % 4 === 0 &&
    tapsHeight * outHeight === inHeight &&
    tapsWidth * outWidth === inWidth &&
    (padTop | padLeft) === 0
  if (!isWritten) memory.fill(dx, 0, pixelBytes * batch * inHeight * inWidth)
  const rowStep = pixelBytes * inWidth * dilationHeight
  const columnStep = pixelBytes * dilationWidth
  let gradient = dy
  for (let example = 0; example < batch; example++) {
    for (let outRow = 0; outRow < outHeight; outRow++) {
      const top = outRow * strideHeight - padTop
      const firstRow = firstTap(top, dilationHeight)
      const rows = endTap(top, dilationHeight, tapsHeight, inHeight) - firstRow
      const inRow = example * inHeight + top + firstRow * dilationHeight
      for (let outColumn = 0; outColumn < outWidth; outColumn++) {
        const left = outColumn * strideWidth - padLeft
        const firstColumn = firstTap(left, dilationWidth)
        const columns = endTap(left, dilationWidth, tapsWidth, inWidth) - firstColumn
        if (rows > 0 && columns > 0) {
          const inColumn = left + firstColumn * dilationWidth
          const offset = pixelBytes * (inRow * inWidth + inColumn)
          let channel = 0
          for (; channel + 4 <= channels; channel += 4) {
            const at = offset + ((<usize>channel) << 2)
            const from = gradient + ((<usize>channel) << 2)
            spread4(x + at, from, dx + at, rows, columns, rowStep, columnStep, isApart)
          }
          for (; channel < channels; channel++) {
            const at = offset + ((<usize>channel) << 2)
            const from = gradient + ((<usize>channel) << 2)
            spread1(x + at, from, dx + at, rows, columns, rowStep, columnStep)
          }
        }
        gradient += pixelBytes
      }
    }
  }
}

function spread4(
  x: usize,
  dy: usize,
  dx: usize,
  rows: i32,
  columns: i32,
  rowStep: usize,
  columnStep: usize,
  isApart: bool,
): void {
  let maximum = v128.load(x)
  let winner = i32x4.splat(0)
  let tap = i32x4.splat(0)
  const one = i32x4.splat(1)
  for (let row = 0; row < rows; row++) {
    let pixel = x + rowStep * row
    for (let column = 0; column < columns; column++) {
      const value = v128.load(pixel)
      const isMore = f32x4.gt(value, maximum)
      maximum = v128.bitselect(value, maximum, isMore)
      winner = v128.bitselect(tap, winner, isMore)
      tap = i32x4.add(tap, one)
      pixel += columnStep
    }
  }
  const gradient = v128.load(dy)
  tap = i32x4.splat(0)
  for (let row = 0; row < rows; row++) {
    let pixel = dx + rowStep * row
    for (let column = 0; column < columns; column++) {
      const share = v128.and(gradient, i32x4.eq(winner, tap))
      v128.store(pixel, isApart ? share : f32x4.add(v128.load(pixel), share))
      tap = i32x4.add(tap, one)
      pixel += columnStep
    }
  }
}

function spread1(
  x: usize,
  dy: usize,
  dx: usize,
  rows: i32,
  columns: i32,
  rowStep: usize,
  columnStep: usize,
): void {
  let maximum = load<f32>(x)
  let winner: usize = 0
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = rowStep * row + columnStep * column
      const value = load<f32>(x + at)
      if (value > maximum) {
        maximum = value
        winner = at
      }
    }
  }
  store<f32>(dx + winner, load<f32>(dx + winner) + load<f32>(dy))
}

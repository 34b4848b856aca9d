import { endTap, firstTap } from './window-taps'

/**
 * dx[in] = Σ of the columns of all windows that meet it: the adjoint of taking patches. f32x4 over
 * the channels, which lie innermost.
 *
 * `columns` [batch, outHeight, outWidth, tapsHeight, tapsWidth, channels] and `dx` [batch,
 * inHeight, inWidth, channels] are addresses of float32.
 */
export function addColumns(
  columns: usize,
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
  const pixel = (<usize>channels) << 2
  memory.fill(dx, 0, pixel * batch * inHeight * inWidth)
  let patch = columns
  for (let example = 0; example < batch; example++) {
    for (let outRow = 0; outRow < outHeight; outRow++) {
      const top = outRow * strideHeight - padTop
      const lastRow = endTap(top, dilationHeight, tapsHeight, inHeight)
      for (let outColumn = 0; outColumn < outWidth; outColumn++) {
        const left = outColumn * strideWidth - padLeft
        const firstColumn = firstTap(left, dilationWidth)
        const lastColumn = endTap(left, dilationWidth, tapsWidth, inWidth)
        for (let row = firstTap(top, dilationHeight); row < lastRow; row++) {
          const inRow = example * inHeight + top + row * dilationHeight
          for (let column = firstColumn; column < lastColumn; column++) {
            const to = dx + pixel * (inRow * inWidth + left + column * dilationWidth)
            const from = patch + pixel * (row * tapsWidth + column)
            let at: usize = 0
            for (; at + 16 <= pixel; at += 16) {
              v128.store(to + at, f32x4.add(v128.load(to + at), v128.load(from + at)))
            }
            for (; at < pixel; at += 4) {
              store<f32>(to + at, load<f32>(to + at) + load<f32>(from + at))
            }
          }
        }
        patch += pixel * tapsHeight * tapsWidth
      }
    }
  }
}

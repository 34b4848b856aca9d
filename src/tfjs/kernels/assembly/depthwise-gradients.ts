import { endTap, firstTap } from './window-taps'

/**
 * ∂/∂x of a depthwise convolution with one output per channel: dx[in] = Σ over the windows that
 * meet it of dy · filter. f32x4 over the channels, which lie innermost.
 *
 * `dy` [batch, outHeight, outWidth, channels], `filter` [tapsHeight, tapsWidth, channels] and `dx`
 * [batch, inHeight, inWidth, channels] are addresses of float32.
 */
export function depthwiseInputGradient(
  dy: usize,
  filter: usize,
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
  memory.fill(dx, 0, ((<usize>channels) << 2) * batch * inHeight * inWidth)
  addOverWindows(
    dy,
    dx,
    filter,
    true,
    batch,
    channels,
    inHeight,
    inWidth,
    outHeight,
    outWidth,
    tapsHeight,
    tapsWidth,
    strideHeight,
    strideWidth,
    dilationHeight,
    dilationWidth,
    padTop,
    padLeft,
  )
}

/**
 * The filter gradient of each example of a depthwise convolution with one output per channel:
 * gradients[b, tap] = Σ over the positions of what the tap meets times dy.
 *
 * `x` as dx above, `gradients` [batch, tapsHeight, tapsWidth, channels].
 */
export function depthwiseFilterGradients(
  x: usize,
  dy: usize,
  gradients: usize,
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
  memory.fill(gradients, 0, ((<usize>channels) << 2) * batch * tapsHeight * tapsWidth)
  addOverWindows(
    dy,
    x,
    gradients,
    false,
    batch,
    channels,
    inHeight,
    inWidth,
    outHeight,
    outWidth,
    tapsHeight,
    tapsWidth,
    strideHeight,
    strideWidth,
    dilationHeight,
    dilationWidth,
    padTop,
    padLeft,
  )
}

/**
 * For each window and tap: pixel += dy · tap, or tap += dy · pixel; in the second case each example
 * has taps of its own.
 */
function addOverWindows(
  dy: usize,
  image: usize,
  taps: usize,
  isIntoImage: bool,
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
  let gradient = dy
  for (let example = 0; example < batch; example++) {
    const own = isIntoImage ? taps : taps + pixel * tapsHeight * tapsWidth * example
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
            const at = image + pixel * (inRow * inWidth + left + column * dilationWidth)
            const tap = own + pixel * (row * tapsWidth + column)
            if (isIntoImage) addProducts(gradient, tap, at, pixel)
            else addProducts(gradient, at, tap, pixel)
          }
        }
        gradient += pixel
      }
    }
  }
}

/** sums += a · b, element by element, over `bytes` of float32. */
function addProducts(a: usize, b: usize, sums: usize, bytes: usize): void {
  let at: usize = 0
  for (; at + 16 <= bytes; at += 16) {
    const product = f32x4.mul(v128.load(a + at), v128.load(b + at))
    v128.store(sums + at, f32x4.add(v128.load(sums + at), product))
  }
  for (; at < bytes; at += 4) {
    store<f32>(sums + at, load<f32>(sums + at) + load<f32>(a + at) * load<f32>(b + at))
  }
}

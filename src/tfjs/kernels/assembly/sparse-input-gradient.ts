import { addSparse } from './sparse-sums'

/**
 * ∂/∂x of a 2-D convolution from a δ that is mostly zeros, as a maximum pool and a rectifier leave
 * it: dx[o · stride + k · dilation − before, c] += δ[o, p] · filter[k, p, c].
 *
 * `delta` [batch, outHeight, outWidth, outChannels], `filter` [tapsHeight, tapsWidth, outChannels,
 * inChannels], its channel axes exchanged, and `dx` [batch, inHeight, inWidth, inChannels] are
 * addresses of float32, `list` of 8 · outChannels bytes. inChannels is a multiple of 4.
 */
export function sparseInputGradient(
  delta: usize,
  filter: usize,
  dx: usize,
  list: usize,
  batch: i32,
  inChannels: i32,
  outChannels: i32,
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
  const pixelBytes = (<usize>inChannels) << 2
  const tapBytes = pixelBytes * outChannels
  const imageBytes = pixelBytes * inHeight * inWidth
  memory.fill(dx, 0, imageBytes * batch)
  for (let example = 0; example < batch; example++) {
    for (let outRow = 0; outRow < outHeight; outRow++) {
      for (let outColumn = 0; outColumn < outWidth; outColumn++) {
        let end = list
        for (let output = 0; output < outChannels; output++) {
          // Written in any case, and kept if it is not 0: a branch would be mispredicted.
          const value = load<f32>(delta)
          store<u32>(end, <u32>(pixelBytes * output))
          store<f32>(end, value, 4)
          end += (<usize>i32(value !== 0)) << 3
          delta += 4
        }
        for (let tapRow = 0; tapRow < tapsHeight; tapRow++) {
          const row = outRow * strideHeight + tapRow * dilationHeight - padTop
          if (row < 0 || row >= inHeight) continue
          for (let tapColumn = 0; tapColumn < tapsWidth; tapColumn++) {
            const column = outColumn * strideWidth + tapColumn * dilationWidth - padLeft
            if (column < 0 || column >= inWidth) continue
            addSparse(
              list,
              end,
              filter + tapBytes * (tapRow * tapsWidth + tapColumn),
              dx + pixelBytes * (row * inWidth + column),
              inChannels,
            )
          }
        }
      }
    }
    dx += imageBytes
  }
}

import { addSparse } from './sparse-sums'

/**
 * The filter gradient of each example of a 2-D convolution from a δ that is mostly zeros, as a
 * maximum pool and a rectifier leave it: G[k, c, p] = Σ over positions o of x[o · stride + k ·
 * dilation − before, c] · δ[o, p].
 *
 * `x` [batch, inHeight, inWidth, inChannels], `delta` [batch, outHeight, outWidth, outChannels] and
 * `gradients` [batch, tapsHeight, tapsWidth, inChannels, outChannels] are addresses of float32; so
 * is `sums` [inChannels]. `padded` are zeros, one image with all that the windows reach; `lists`
 * has 8 bytes per element of an example's δ, and `ends` 4 per output channel. inChannels is a
 * multiple of 4.
 */
export function sparseFilterGradients(
  x: usize,
  delta: usize,
  gradients: usize,
  padded: usize,
  lists: usize,
  ends: usize,
  sums: usize,
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
  const reachHeight = (outHeight - 1) * strideHeight + (tapsHeight - 1) * dilationHeight + 1
  const reachWidth = (outWidth - 1) * strideWidth + (tapsWidth - 1) * dilationWidth + 1
  const rows = min<i32>(inHeight, reachHeight - padTop)
  const columns = min<i32>(inWidth, reachWidth - padLeft)
  const listBytes = (<usize>(outHeight * outWidth)) << 3
  const gradientStep = (<usize>outChannels) << 2
  for (let example = 0; example < batch; example++) {
    for (let row = 0; row < rows; row++) {
      memory.copy(
        padded + pixelBytes * ((row + padTop) * reachWidth + padLeft),
        x + pixelBytes * (row * inWidth),
        pixelBytes * columns,
      )
    }
    x += pixelBytes * inHeight * inWidth

    for (let output = 0; output < outChannels; output++) {
      store<usize>(ends + ((<usize>output) << 2), lists + listBytes * output)
    }
    for (let outRow = 0; outRow < outHeight; outRow++) {
      for (let outColumn = 0; outColumn < outWidth; outColumn++) {
        const corner = pixelBytes * (outRow * strideHeight * reachWidth + outColumn * strideWidth)
        for (let output = 0; output < outChannels; output++) {
          // Written in any case, and kept if it is not 0: a branch would be mispredicted.
          const value = load<f32>(delta)
          const endAt = ends + ((<usize>output) << 2)
          const end = load<usize>(endAt)
          store<u32>(end, <u32>corner)
          store<f32>(end, value, 4)
          store<usize>(endAt, end + ((<usize>i32(value !== 0)) << 3))
          delta += 4
        }
      }
    }

    for (let output = 0; output < outChannels; output++) {
      const list = lists + listBytes * output
      const end = load<usize>(ends + ((<usize>output) << 2))
      let to = gradients + ((<usize>output) << 2)
      for (let tapRow = 0; tapRow < tapsHeight; tapRow++) {
        for (let tapColumn = 0; tapColumn < tapsWidth; tapColumn++) {
          const from =
            padded + pixelBytes * (tapRow * dilationHeight * reachWidth + tapColumn * dilationWidth)
          memory.fill(sums, 0, pixelBytes)
          addSparse(list, end, from, sums, inChannels)
          for (let channel = 0; channel < inChannels; channel++) {
            store<f32>(to, load<f32>(sums + ((<usize>channel) << 2)))
            to += gradientStep
          }
        }
      }
    }
    gradients += pixelBytes * tapsHeight * tapsWidth * outChannels
  }
}

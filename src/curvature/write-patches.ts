import type { ConvolutionGeometry } from '../gradients/block.js'

/**
 * Writes the patches of images, [exampleCount, OH · OW, kh · kw · C], with rows of `rowSize` numbers. Numbers on the padding
 * and after each patch stay as they are.
 */
export function writePatches(
  target: Float64Array,
  images: Float32Array,
  geometry: ConvolutionGeometry,
  exampleCount: number,
  rowSize: number,
): void {
  const { inHeight, inWidth, inChannels, filterHeight, filterWidth, outHeight, outWidth } = geometry
  const { strideHeight, strideWidth, dilationHeight, dilationWidth, padTop, padLeft } = geometry
  let row = 0
  for (let example = 0; example < exampleCount; example++) {
    const image = example * inHeight * inWidth
    for (let outRow = 0; outRow < outHeight; outRow++) {
      for (let outColumn = 0; outColumn < outWidth; outColumn++, row += rowSize) {
        for (let i = 0; i < filterHeight; i++) {
          const y = outRow * strideHeight + i * dilationHeight - padTop
          if (y < 0 || y >= inHeight) continue
          for (let j = 0; j < filterWidth; j++) {
            const x = outColumn * strideWidth + j * dilationWidth - padLeft
            if (x < 0 || x >= inWidth) continue
            const from = (image + y * inWidth + x) * inChannels
            const to = row + (i * filterWidth + j) * inChannels
            for (let channel = 0; channel < inChannels; channel++) {
              target[to + channel] = images[from + channel]!
            }
          }
        }
      }
    }
  }
}

import type { Matrices } from './matrices.js'

/** `writePatches` of Matrices, in JavaScript. */
export const writePatches: Matrices['writePatches'] = (
  images,
  geometry,
  exampleCount,
  { data: target },
  rowSize,
) => {
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

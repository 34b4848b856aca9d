import type { ConvolutionGeometry } from '../gradients/block.js'

/** Calls `visit` for each position and filter tap that meets the image: offsets of the patch's channels. */
function forEachTap(
  geometry: ConvolutionGeometry,
  visit: (position: number, tap: number, pixel: number) => void,
): void {
  const { inHeight, inWidth, filterHeight, filterWidth, outHeight, outWidth } = geometry
  for (let outRow = 0; outRow < outHeight; outRow++) {
    for (let outColumn = 0; outColumn < outWidth; outColumn++) {
      for (let filterRow = 0; filterRow < filterHeight; filterRow++) {
        const inRow =
          outRow * geometry.strideHeight + filterRow * geometry.dilationHeight - geometry.padTop
        if (inRow < 0 || inRow >= inHeight) continue
        for (let filterColumn = 0; filterColumn < filterWidth; filterColumn++) {
          const inColumn =
            outColumn * geometry.strideWidth +
            filterColumn * geometry.dilationWidth -
            geometry.padLeft
          if (inColumn < 0 || inColumn >= inWidth) continue
          visit(
            outRow * outWidth + outColumn,
            filterRow * filterWidth + filterColumn,
            inRow * inWidth + inColumn,
          )
        }
      }
    }
  }
}

/** The filter gradients Σ_t patch_t δ_tᵀ of each row, dense: [rowCount, kh · kw · C · p]. */
export function contractPatches(
  a: Float32Array,
  delta: Float32Array,
  geometry: ConvolutionGeometry,
  rowCount: number,
): Float32Array {
  const { inHeight, inWidth, inChannels, outChannels } = geometry
  const imageSize = inHeight * inWidth * inChannels
  const outputSize = geometry.outHeight * geometry.outWidth * outChannels
  const gradientSize = geometry.filterHeight * geometry.filterWidth * inChannels * outChannels
  const values = new Float32Array(rowCount * gradientSize)
  const gradient = new Float64Array(gradientSize)
  for (let row = 0; row < rowCount; row++) {
    gradient.fill(0)
    forEachTap(geometry, (position, tap, pixel) => {
      const deltaOffset = row * outputSize + position * outChannels
      const pixelOffset = row * imageSize + pixel * inChannels
      const tapOffset = tap * inChannels * outChannels
      for (let channel = 0; channel < inChannels; channel++) {
        const factor = a[pixelOffset + channel] ?? 0
        const offset = tapOffset + channel * outChannels
        for (let output = 0; output < outChannels; output++) {
          gradient[offset + output] =
            (gradient[offset + output] ?? 0) + factor * (delta[deltaOffset + output] ?? 0)
        }
      }
    })
    values.set(gradient, row * gradientSize)
  }
  return values
}

/** The patches of each row written out: [rowCount, OH · OW, kh · kw · C], zero where they meet the padding. */
export function extractPatches(
  a: Float32Array,
  geometry: ConvolutionGeometry,
  rowCount: number,
): Float32Array {
  const { inHeight, inWidth, inChannels } = geometry
  const imageSize = inHeight * inWidth * inChannels
  const patchSize = geometry.filterHeight * geometry.filterWidth * inChannels
  const positions = geometry.outHeight * geometry.outWidth
  const patches = new Float32Array(rowCount * positions * patchSize)
  for (let row = 0; row < rowCount; row++) {
    forEachTap(geometry, (position, tap, pixel) => {
      const from = row * imageSize + pixel * inChannels
      const to = (row * positions + position) * patchSize + tap * inChannels
      patches.set(a.subarray(from, from + inChannels), to)
    })
  }
  return patches
}

import type { ConvolutionGeometry } from './block.js'

/** Finds the output rows or columns, first to end − 1, whose patch meets the image at a filter tap. */
function findTapRange(
  offset: number,
  stride: number,
  inLength: number,
  outLength: number,
): { first: number; end: number } {
  return {
    first: Math.max(0, Math.ceil(-offset / stride)),
    end: Math.min(outLength, Math.floor((inLength - 1 - offset) / stride) + 1),
  }
}

/** Computes dense filter gradients Σ_t patch_t δ_tᵀ in float64: [exampleCount, kh · kw · C · p]. */
export function contractPatches(
  a: Float32Array,
  delta: Float32Array,
  geometry: ConvolutionGeometry,
  exampleCount: number,
): Float32Array {
  const { inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = geometry
  const values = new Float32Array(
    exampleCount * geometry.filterHeight * geometry.filterWidth * inChannels * outChannels,
  )
  let at = 0
  for (let row = 0; row < exampleCount; row++) {
    const image = a.subarray(
      row * inHeight * inWidth * inChannels,
      (row + 1) * inHeight * inWidth * inChannels,
    )
    const gradient = delta.subarray(
      row * outHeight * outWidth * outChannels,
      (row + 1) * outHeight * outWidth * outChannels,
    )
    for (let filterRow = 0; filterRow < geometry.filterHeight; filterRow++) {
      for (let filterColumn = 0; filterColumn < geometry.filterWidth; filterColumn++) {
        for (let channel = 0; channel < inChannels; channel++) {
          for (let output = 0; output < outChannels; output += 4) {
            const width = Math.min(4, outChannels - output)
            contractTap(image, gradient, geometry, filterRow, filterColumn, channel, output, sums)
            for (let k = 0; k < width; k++) values[at++] = sums[k]!
          }
        }
      }
    }
  }
  return values
}

const sums = new Float64Array(4)

/** Sums a_t δ_t of one tap and channel for four adjacent outputs, which stay in registers. */
function contractTap(
  image: Float32Array,
  gradient: Float32Array,
  geometry: ConvolutionGeometry,
  filterRow: number,
  filterColumn: number,
  channel: number,
  output: number,
  into: Float64Array,
): void {
  const { inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = geometry
  const { strideHeight, strideWidth } = geometry
  const top = filterRow * geometry.dilationHeight - geometry.padTop
  const left = filterColumn * geometry.dilationWidth - geometry.padLeft
  const rowRange = findTapRange(top, strideHeight, inHeight, outHeight)
  const columnRange = findTapRange(left, strideWidth, inWidth, outWidth)
  const pixelStep = strideWidth * inChannels
  let sum0 = 0
  let sum1 = 0
  let sum2 = 0
  let sum3 = 0
  for (let outRow = rowRange.first; outRow < rowRange.end; outRow++) {
    const inRow = outRow * strideHeight + top
    let pixel = (inRow * inWidth + columnRange.first * strideWidth + left) * inChannels + channel
    let position = (outRow * outWidth + columnRange.first) * outChannels + output
    for (let outColumn = columnRange.first; outColumn < columnRange.end; outColumn++) {
      const factor = image[pixel]!
      // Beyond the last output there are numbers of other positions, or none; those sums are not used.
      sum0 += factor * gradient[position]!
      sum1 += factor * gradient[position + 1]!
      sum2 += factor * gradient[position + 2]!
      sum3 += factor * gradient[position + 3]!
      pixel += pixelStep
      position += outChannels
    }
  }
  into[0] = sum0
  into[1] = sum1
  into[2] = sum2
  into[3] = sum3
}

/** Copies the patches of each example: [exampleCount, OH · OW, kh · kw · C], zero on the padding. */
export function extractPatches(
  a: Float32Array,
  geometry: ConvolutionGeometry,
  exampleCount: number,
): Float32Array {
  const { inHeight, inWidth, inChannels, filterHeight, filterWidth, outHeight, outWidth } = geometry
  const imageSize = inHeight * inWidth * inChannels
  const patchSize = filterHeight * filterWidth * inChannels
  const patches = new Float32Array(exampleCount * outHeight * outWidth * patchSize)
  for (let row = 0; row < exampleCount; row++) {
    for (let tap = 0; tap < filterHeight * filterWidth; tap++) {
      const top = Math.floor(tap / filterWidth) * geometry.dilationHeight - geometry.padTop
      const left = (tap % filterWidth) * geometry.dilationWidth - geometry.padLeft
      const rowRange = findTapRange(top, geometry.strideHeight, inHeight, outHeight)
      const columnRange = findTapRange(left, geometry.strideWidth, inWidth, outWidth)
      for (let outRow = rowRange.first; outRow < rowRange.end; outRow++) {
        for (let outColumn = columnRange.first; outColumn < columnRange.end; outColumn++) {
          const inRow = outRow * geometry.strideHeight + top
          const inColumn = outColumn * geometry.strideWidth + left
          const from = row * imageSize + (inRow * inWidth + inColumn) * inChannels
          const position = (row * outHeight + outRow) * outWidth + outColumn
          patches.set(a.subarray(from, from + inChannels), position * patchSize + tap * inChannels)
        }
      }
    }
  }
  return patches
}

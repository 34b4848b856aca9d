import { disposeBlock, readExamples } from '../adapters/read-example.js'
import type {
  ConvolutionSegment,
  GpuGradientBlock,
  GradientBlock,
  GradientSegment,
} from '../gradients/block.js'

/**
 * Returns each example's gradient, computed from its segments in float64 and by their definitions, by parameter.
 * Disposes a block in GPU buffers.
 */
export async function readGradients(
  block: GradientBlock | GpuGradientBlock,
): Promise<Map<string, Float64Array>[]> {
  const { exampleCount } = block
  const segments = await readExamples(block, block.segments, 0, exampleCount)
  disposeBlock(block)
  return Array.from({ length: exampleCount }, (_, row) => {
    const sums = new Map<string, Float64Array>()
    for (const segment of segments) {
      const gradient = materialize(segment, row)
      const sum = sums.get(segment.parameter)
      for (const [k, value] of sum?.entries() ?? []) gradient[k]! += value
      sums.set(segment.parameter, gradient)
    }
    return sums
  })
}

function materialize(segment: GradientSegment, row: number): Float64Array {
  switch (segment.kind) {
    case 'dense': {
      const { values, size } = segment
      return Float64Array.from(values.subarray(row * size, (row + 1) * size))
    }
    case 'factored': {
      const { positions, inputSize, outputSize, a, delta } = segment
      const gradient = new Float64Array(inputSize * outputSize)
      for (let t = row * positions; t < (row + 1) * positions; t++) {
        for (let at = 0; at < gradient.length; at++) {
          const [i, j] = [Math.floor(at / outputSize), at % outputSize]
          gradient[at]! += a[t * inputSize + i]! * delta[t * outputSize + j]!
        }
      }
      return gradient
    }
    case 'lookup': {
      const { positions, rowSize, parameterRows, indices, delta } = segment
      const gradient = new Float64Array(parameterRows * rowSize)
      for (let t = row * positions; t < (row + 1) * positions; t++) {
        for (let k = 0; k < rowSize; k++) {
          gradient[indices[t]! * rowSize + k]! += delta[t * rowSize + k]!
        }
      }
      return gradient
    }
    case 'convolution':
      return materializeConvolution(segment, row)
  }
}

function materializeConvolution(
  { geometry: g, a, delta }: ConvolutionSegment,
  row: number,
): Float64Array {
  const gradient: number[] = []
  const pixel = (y: number, x: number, c: number): number =>
    y < 0 || x < 0 || y >= g.inHeight || x >= g.inWidth
      ? 0
      : a[((row * g.inHeight + y) * g.inWidth + x) * g.inChannels + c]!
  for (let i = 0; i < g.filterHeight; i++) {
    for (let j = 0; j < g.filterWidth; j++) {
      for (let c = 0; c < g.inChannels; c++) {
        for (let p = 0; p < g.outChannels; p++) {
          let sum = 0
          for (let t = 0; t < g.outHeight * g.outWidth; t++) {
            const y = Math.floor(t / g.outWidth) * g.strideHeight + i * g.dilationHeight - g.padTop
            const x = (t % g.outWidth) * g.strideWidth + j * g.dilationWidth - g.padLeft
            const at = (row * g.outHeight * g.outWidth + t) * g.outChannels + p
            sum += pixel(y, x, c) * delta[at]!
          }
          gradient.push(sum)
        }
      }
    }
  }
  return Float64Array.from(gradient)
}

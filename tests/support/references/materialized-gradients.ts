import type {
  ConvolutionSegment,
  FactoredSegment,
  GradientBlock,
  GradientSegment,
  LookupSegment,
} from 'gradlens'

/** The dense gradients of one example by parameter, computed in float64 by their definition. */
export function materializedGradients(
  block: GradientBlock,
  row: number,
): Map<string, Float64Array> {
  const sums = new Map<string, Float64Array>()
  for (const segment of block.segments) {
    const gradient = materialized(segment, row)
    const sum = sums.get(segment.parameter)
    for (let k = 0; k < (sum?.length ?? 0); k++) gradient[k]! += sum![k]!
    sums.set(segment.parameter, gradient)
  }
  return sums
}

function materialized(segment: GradientSegment, row: number): Float64Array {
  switch (segment.kind) {
    case 'dense': {
      const { values, size } = segment
      return Float64Array.from(values.subarray(row * size, (row + 1) * size))
    }
    case 'factored':
      return materializeFactored(segment, row)
    case 'convolution':
      return materializeConvolution(segment, row)
    case 'lookup':
      return materializeRows(segment, row)
  }
}

function materializeRows(
  { positions, rowSize, parameterRows, indices, delta }: LookupSegment,
  row: number,
): Float64Array {
  const gradient = new Float64Array(parameterRows * rowSize)
  for (let t = row * positions; t < (row + 1) * positions; t++) {
    for (let k = 0; k < rowSize; k++)
      gradient[indices[t]! * rowSize + k]! += delta[t * rowSize + k]!
  }
  return gradient
}

function materializeFactored(
  { positions, inputSize, outputSize, a, delta }: FactoredSegment,
  row: number,
): Float64Array {
  const gradient = new Float64Array(inputSize * outputSize)
  for (let t = row * positions; t < (row + 1) * positions; t++) {
    addProduct(gradient, 0, [a, t * inputSize, inputSize], [delta, t * outputSize, outputSize])
  }
  return gradient
}

function materializeConvolution(
  { geometry: g, a, delta }: ConvolutionSegment,
  row: number,
): Float64Array {
  const tapSize = g.inChannels * g.outChannels
  const gradient = new Float64Array(g.filterHeight * g.filterWidth * tapSize)
  for (let tap = 0; tap < g.filterHeight * g.filterWidth; tap++) {
    const ky = Math.floor(tap / g.filterWidth)
    const kx = tap % g.filterWidth
    for (let oy = 0; oy < g.outHeight; oy++) {
      const y = oy * g.strideHeight + ky * g.dilationHeight - g.padTop
      if (y < 0 || y >= g.inHeight) continue
      for (let ox = 0; ox < g.outWidth; ox++) {
        const x = ox * g.strideWidth + kx * g.dilationWidth - g.padLeft
        if (x < 0 || x >= g.inWidth) continue
        const pixel = ((row * g.inHeight + y) * g.inWidth + x) * g.inChannels
        const at = ((row * g.outHeight + oy) * g.outWidth + ox) * g.outChannels
        addProduct(gradient, tap * tapSize, [a, pixel, g.inChannels], [delta, at, g.outChannels])
      }
    }
  }
  return gradient
}

type Slice = readonly [numbers: Float32Array, start: number, length: number]

/** Adds a ⊗ δ to the matrix that starts at an offset. */
function addProduct(
  gradient: Float64Array,
  offset: number,
  [a, aStart, inputSize]: Slice,
  [delta, deltaStart, outputSize]: Slice,
): void {
  for (let i = 0; i < inputSize; i++) {
    const factor = a[aStart + i]!
    const start = offset + i * outputSize
    for (let j = 0; j < outputSize; j++) gradient[start + j]! += factor * delta[deltaStart + j]!
  }
}

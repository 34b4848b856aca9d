import type {
  ConvolutionSegment,
  FactoredSegment,
  GradientBlock,
  GradientSegment,
  LookupSegment,
} from 'gradlens'

/** The gradient of one example, formed in float64 and by the definition, by parameter. */
export function materializedGradients(
  block: GradientBlock,
  row: number,
): Map<string, Float64Array> {
  const sums = new Map<string, Float64Array>()
  for (const segment of block.segments) {
    const gradient = materialized(segment, row)
    const sum = sums.get(segment.parameter) ?? new Float64Array(gradient.length)
    sums.set(
      segment.parameter,
      Float64Array.from(sum, (value, k) => value + gradient[k]!),
    )
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
  return Float64Array.from({ length: inputSize * outputSize }, (_, at) => {
    const i = Math.floor(at / outputSize)
    const j = at % outputSize
    let sum = 0
    for (let t = row * positions; t < (row + 1) * positions; t++) {
      sum += (a[t * inputSize + i] ?? NaN) * (delta[t * outputSize + j] ?? NaN)
    }
    return sum
  })
}

function materializeConvolution(
  { geometry: g, a, delta }: ConvolutionSegment,
  row: number,
): Float64Array {
  const pixel = (y: number, x: number, c: number): number =>
    y < 0 || x < 0 || y >= g.inHeight || x >= g.inWidth
      ? 0
      : (a[((row * g.inHeight + y) * g.inWidth + x) * g.inChannels + c] ?? NaN)
  const gradient: number[] = []
  for (let ky = 0; ky < g.filterHeight; ky++) {
    for (let kx = 0; kx < g.filterWidth; kx++) {
      for (let c = 0; c < g.inChannels; c++) {
        for (let p = 0; p < g.outChannels; p++) {
          let sum = 0
          for (let oy = 0; oy < g.outHeight; oy++) {
            for (let ox = 0; ox < g.outWidth; ox++) {
              const y = oy * g.strideHeight + ky * g.dilationHeight - g.padTop
              const x = ox * g.strideWidth + kx * g.dilationWidth - g.padLeft
              const at = ((row * g.outHeight + oy) * g.outWidth + ox) * g.outChannels + p
              sum += pixel(y, x, c) * (delta[at] ?? NaN)
            }
          }
          gradient.push(sum)
        }
      }
    }
  }
  return Float64Array.from(gradient)
}

import type {
  ConvolutionSegment,
  FactoredSegment,
  GradientSegment,
  LookupSegment,
} from '../gradients/block.js'
import { createGradientReader, type DenseGradient } from '../gradients/dense-gradient.js'
import { contractPatches } from '../gradients/patches.js'
import { mix } from '../random.js'

/**
 * A random matrix of rank one, u vᵀ, in the shape of a parameter's gradient. Its product with a gradient
 * is cheap to compute from a and δ, and differs wherever two gradients differ.
 */
export interface Probe {
  readonly u: Float64Array
  readonly v: Float64Array
}

/** The numbers of rows and columns of a probe for all segments of a parameter. */
export interface ProbeShape {
  readonly rowCount: number
  readonly columnCount: number
}

/** Segments with other numbers of columns than each other get a probe of one column. */
export function chooseProbeShape(segments: readonly GradientSegment[]): ProbeShape {
  const [size = 0] = segments.map(countNumbers)
  const columnCounts = new Set(segments.flatMap(countColumns))
  const [only] = columnCounts
  const columnCount = columnCounts.size === 1 && only !== undefined ? only : 1
  return { rowCount: size / columnCount, columnCount }
}

/** Returns the probe of a seed. */
export const createProbe = ({ rowCount, columnCount }: ProbeShape, seed: number): Probe => ({
  u: createNumbers(rowCount, 2 * seed),
  v: createNumbers(columnCount, 2 * seed + 1),
})

/** Returns numbers from −1 to 1. */
function createNumbers(count: number, seed: number): Float64Array {
  const numbers = new Float64Array(count)
  const start = mix(seed)
  for (let i = 0; i < count; i++) numbers[i] = mix(start + i) / 2 ** 31 - 1
  return numbers
}

/** Returns Σ_ij u_i G_ij v_j for the gradient G of a segment with one example. */
export function multiplyByProbe(segment: GradientSegment, probe: Probe): number {
  const [columnCount] = countColumns(segment)
  if (columnCount !== undefined && columnCount !== probe.v.length) {
    return multiplyDense(materialize(segment), probe)
  }
  switch (segment.kind) {
    case 'dense':
      return multiplyDense(segment.values, probe)
    case 'factored':
      return multiplyFactored(segment, probe)
    case 'lookup':
      return multiplyLookup(segment, probe)
    case 'convolution':
      return multiplyConvolution(segment, probe)
  }
}

function countNumbers(segment: GradientSegment): number {
  switch (segment.kind) {
    case 'dense':
      return segment.size
    case 'factored':
      return segment.inputSize * segment.outputSize
    case 'lookup':
      return segment.parameterRows * segment.rowSize
    case 'convolution': {
      const { filterHeight, filterWidth, inChannels, outChannels } = segment.geometry
      return filterHeight * filterWidth * inChannels * outChannels
    }
  }
}

/** A dense gradient can be read in any number of columns. */
function countColumns(segment: GradientSegment): number[] {
  switch (segment.kind) {
    case 'dense':
      return []
    case 'factored':
      return [segment.outputSize]
    case 'lookup':
      return [segment.rowSize]
    case 'convolution':
      return [segment.geometry.outChannels]
  }
}

function materialize(segment: GradientSegment): DenseGradient['data'] {
  if (segment.kind === 'convolution') {
    return contractPatches(segment.a, segment.delta, segment.geometry, 1)
  }
  return createGradientReader(segment)(0).data
}

/** Σ values[start + i] factors[from + i] over `count` numbers. */
function dot(
  values: DenseGradient['data'],
  start: number,
  factors: Float64Array,
  from: number,
  count: number,
): number {
  let sum = 0
  for (let i = 0; i < count; i++) sum += values[start + i]! * factors[from + i]!
  return sum
}

function multiplyDense(values: DenseGradient['data'], { u, v }: Probe): number {
  let sum = 0
  for (let i = 0; i < u.length; i++) sum += u[i]! * dot(values, i * v.length, v, 0, v.length)
  return sum
}

function multiplyFactored(segment: FactoredSegment, { u, v }: Probe): number {
  const { positions, inputSize, outputSize, a, delta } = segment
  let sum = 0
  for (let t = 0; t < positions; t++) {
    sum += dot(a, t * inputSize, u, 0, inputSize) * dot(delta, t * outputSize, v, 0, outputSize)
  }
  return sum
}

function multiplyLookup(segment: LookupSegment, { u, v }: Probe): number {
  const { positions, rowSize, indices, delta } = segment
  let sum = 0
  for (let t = 0; t < positions; t++) {
    sum += u[indices[t]!]! * dot(delta, t * rowSize, v, 0, rowSize)
  }
  return sum
}

function multiplyConvolution({ a, delta, geometry }: ConvolutionSegment, { u, v }: Probe): number {
  const { outHeight, outWidth, outChannels } = geometry
  let sum = 0
  for (let row = 0; row < outHeight; row++) {
    for (let column = 0; column < outWidth; column++) {
      const position = row * outWidth + column
      const right = dot(delta, position * outChannels, v, 0, outChannels)
      if (right !== 0) sum += multiplyPatch(a, geometry, row, column, u) * right
    }
  }
  return sum
}

/** The sum over the inputs of one output position. Those in the padding are zeros. */
function multiplyPatch(
  a: Float32Array,
  geometry: ConvolutionSegment['geometry'],
  outRow: number,
  outColumn: number,
  u: Float64Array,
): number {
  const { inHeight, inWidth, inChannels, filterHeight, filterWidth } = geometry
  const top = outRow * geometry.strideHeight - geometry.padTop
  const left = outColumn * geometry.strideWidth - geometry.padLeft
  let sum = 0
  for (let i = 0; i < filterHeight; i++) {
    const row = top + i * geometry.dilationHeight
    if (row < 0 || row >= inHeight) continue
    for (let j = 0; j < filterWidth; j++) {
      const column = left + j * geometry.dilationWidth
      if (column < 0 || column >= inWidth) continue
      const from = (row * inWidth + column) * inChannels
      sum += dot(a, from, u, (i * filterWidth + j) * inChannels, inChannels)
    }
  }
  return sum
}

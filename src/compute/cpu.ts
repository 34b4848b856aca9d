import type {
  ConvolutionSegment,
  DenseSegment,
  FactoredSegment,
  GradientBlock,
  GradientSegment,
} from '../gradients/block.js'
import type { Compute } from './compute.js'
import { contractPatches, extractPatches } from './patches.js'

/** The reference: plain loops, sums in float64. */
export const cpuCompute: Compute = {
  compact: (block) =>
    Promise.resolve({
      rowCount: block.rowCount,
      segments: block.segments.map((segment) => compactSegment(segment, block.rowCount)),
    }),
  dot: (a, b) => Promise.resolve(blockDot(a, b)),
  squaredNorms: (block) => Promise.resolve(blockSquaredNorms(block)),
}

type Stored = DenseSegment | FactoredSegment

function compactSegment(segment: GradientSegment, rowCount: number): Stored {
  switch (segment.kind) {
    case 'dense':
      return segment
    case 'factored':
      return denseIsSmaller(segment) ? denseOf(segment, rowCount) : segment
    case 'convolution':
      return compactConvolution(segment, rowCount)
  }
}

const denseIsSmaller = (shape: {
  positions: number
  inputSize: number
  outputSize: number
}): boolean =>
  shape.inputSize * shape.outputSize <= shape.positions * (shape.inputSize + shape.outputSize)

function compactConvolution(segment: ConvolutionSegment, rowCount: number): Stored {
  const { parameter, geometry, a, delta } = segment
  const positions = geometry.outHeight * geometry.outWidth
  const inputSize = geometry.filterHeight * geometry.filterWidth * geometry.inChannels
  const outputSize = geometry.outChannels
  if (!denseIsSmaller({ positions, inputSize, outputSize })) {
    const patches = extractPatches(a, geometry, rowCount)
    return { kind: 'factored', parameter, positions, inputSize, outputSize, a: patches, delta }
  }
  const values = contractPatches(a, delta, geometry, rowCount)
  return { kind: 'dense', parameter, size: inputSize * outputSize, values }
}

function denseOf(segment: FactoredSegment, rowCount: number): DenseSegment {
  const size = segment.inputSize * segment.outputSize
  const values = new Float32Array(rowCount * size)
  const gradient = new Float64Array(size)
  for (let row = 0; row < rowCount; row++) {
    formGradient(segment, row, gradient)
    values.set(gradient, row * size)
  }
  return { kind: 'dense', parameter: segment.parameter, size, values }
}

/** G = Σ_t a_t δ_tᵀ of one row, into `gradient` [d, p]. */
function formGradient(segment: FactoredSegment, row: number, gradient: Float64Array): void {
  const { positions, inputSize, outputSize, a, delta } = segment
  gradient.fill(0)
  for (let t = row * positions; t < (row + 1) * positions; t++) {
    for (let i = 0; i < inputSize; i++) {
      const factor = a[t * inputSize + i]!
      for (let j = 0; j < outputSize; j++) {
        const at = i * outputSize + j
        gradient[at]! += factor * delta[t * outputSize + j]!
      }
    }
  }
}

function blockDot(a: GradientBlock, b: GradientBlock): Float64Array {
  const products = new Float64Array(a.rowCount * b.rowCount)
  const others = new Map(b.segments.map((segment) => [segment.parameter, segment]))
  for (const segment of a.segments) {
    const other = others.get(segment.parameter)
    // A parameter that one side leaves out has gradient zero there.
    if (other === undefined) continue
    addDot(
      compactSegment(segment, a.rowCount),
      a.rowCount,
      compactSegment(other, b.rowCount),
      b.rowCount,
      products,
    )
  }
  return products
}

/** ⟨G_i, G'_j⟩ of one parameter, added to products[i, j]. */
function addDot(a: Stored, aRows: number, b: Stored, bRows: number, products: Float64Array): void {
  if (a.kind === 'factored' && b.kind === 'factored' && gramIsCheaper(a, b)) {
    addGram(a, aRows, b, bRows, products)
    return
  }
  const aRow = rowReader(a)
  const bRow = rowReader(b)
  for (let j = 0; j < bRows; j++) {
    const right = bRow(j)
    for (let i = 0; i < aRows; i++) {
      const left = aRow(i)
      const at = i * bRows + j
      products[at] =
        products[at]! + dot(left.values, left.offset, right.values, right.offset, left.size)
    }
  }
}

/** Σ_{t,s} (a_t·a'_s)(δ_t·δ'_s) takes T·T'(d+p) products per pair, a formed gradient d·p and the forming. */
const gramIsCheaper = (a: FactoredSegment, b: FactoredSegment): boolean =>
  a.positions * b.positions * (a.inputSize + a.outputSize) <=
  Math.max(a.positions, b.positions) * a.inputSize * a.outputSize

function addGram(
  a: FactoredSegment,
  aRows: number,
  b: FactoredSegment,
  bRows: number,
  products: Float64Array,
): void {
  const { inputSize, outputSize } = a
  for (let i = 0; i < aRows; i++) {
    for (let j = 0; j < bRows; j++) {
      let sum = 0
      for (let t = i * a.positions; t < (i + 1) * a.positions; t++) {
        for (let s = j * b.positions; s < (j + 1) * b.positions; s++) {
          sum +=
            dot(a.a, t * inputSize, b.a, s * inputSize, inputSize) *
            dot(a.delta, t * outputSize, b.delta, s * outputSize, outputSize)
        }
      }
      products[i * bRows + j]! += sum
    }
  }
}

function blockSquaredNorms(block: GradientBlock): Float64Array {
  const norms = new Float64Array(block.rowCount)
  for (const raw of block.segments) {
    const segment = compactSegment(raw, block.rowCount)
    for (let row = 0; row < block.rowCount; row++) {
      norms[row]! += squaredNorm(segment, row)
    }
  }
  return norms
}

function squaredNorm(segment: Stored, row: number): number {
  if (segment.kind === 'factored' && segment.positions === 1) {
    const { a, delta, inputSize, outputSize } = segment
    return (
      dot(a, row * inputSize, a, row * inputSize, inputSize) *
      dot(delta, row * outputSize, delta, row * outputSize, outputSize)
    )
  }
  const { values, offset, size } = rowReader(segment)(row)
  return dot(values, offset, values, offset, size)
}

interface DenseRow {
  readonly values: Float32Array | Float64Array
  readonly offset: number
  readonly size: number
}

/** Reads the formed gradient of a row; a factored row is formed anew when the row changes. */
function rowReader(segment: Stored): (row: number) => DenseRow {
  if (segment.kind === 'dense') {
    const { values, size } = segment
    return (row) => ({ values, offset: row * size, size })
  }
  const size = segment.inputSize * segment.outputSize
  const formed = new Float64Array(size)
  let formedRow = -1
  return (row) => {
    if (row !== formedRow) formGradient(segment, row, formed)
    formedRow = row
    return { values: formed, offset: 0, size }
  }
}

/** Four partial sums: one would make each addition wait for the one before. */
function dot(
  a: Float32Array | Float64Array,
  aOffset: number,
  b: Float32Array | Float64Array,
  bOffset: number,
  size: number,
): number {
  let sum0 = 0
  let sum1 = 0
  let sum2 = 0
  let sum3 = 0
  let k = 0
  for (; k + 3 < size; k += 4) {
    sum0 += a[aOffset + k]! * b[bOffset + k]!
    sum1 += a[aOffset + k + 1]! * b[bOffset + k + 1]!
    sum2 += a[aOffset + k + 2]! * b[bOffset + k + 2]!
    sum3 += a[aOffset + k + 3]! * b[bOffset + k + 3]!
  }
  for (; k < size; k++) sum0 += a[aOffset + k]! * b[bOffset + k]!
  return sum0 + sum1 + (sum2 + sum3)
}

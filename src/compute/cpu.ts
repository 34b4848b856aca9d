import type {
  ConvolutionSegment,
  DenseSegment,
  FactoredSegment,
  GradientBlock,
  GradientSegment,
  RowsSegment,
} from '../gradients/block.js'
import type { Compute } from './compute.js'
import { dot } from './dot.js'
import type { ContractPatches } from './patches.js'
import { contractPatches, extractPatches } from './patches.js'

/** The reference: plain loops, sums in float64. */
export const cpuCompute: Compute = hostCompute(contractPatches)

/** Loops in JavaScript, but for the contraction of patches, which takes most of the time. */
export function hostCompute(contract: ContractPatches): Compute {
  return {
    compact: (block) => Promise.resolve(compactBlock(block, contract)),
    dot: (a, b) => Promise.resolve(blockDot(compactBlock(a, contract), compactBlock(b, contract))),
    squaredNorms: (block) => Promise.resolve(blockSquaredNorms(compactBlock(block, contract))),
  }
}

type Compact = DenseSegment | FactoredSegment | RowsSegment

interface CompactBlock extends GradientBlock {
  readonly segments: readonly Compact[]
}

function compactBlock(
  { rowCount, segments }: GradientBlock,
  contract: ContractPatches,
): CompactBlock {
  return {
    rowCount,
    segments: segments.map((segment) => compactSegment(segment, rowCount, contract)),
  }
}

function compactSegment(
  segment: GradientSegment,
  rowCount: number,
  contract: ContractPatches,
): Compact {
  switch (segment.kind) {
    case 'dense':
      return segment
    case 'factored':
      return denseIsSmaller(segment) ? denseOf(segment, rowCount) : segment
    case 'rows': {
      const { positions, rowSize, parameterRows } = segment
      const isSmaller = parameterRows * rowSize <= positions * (rowSize + 1)
      return isSmaller ? denseOf(segment, rowCount) : segment
    }
    case 'convolution':
      return compactConvolution(segment, rowCount, contract)
  }
}

const denseIsSmaller = (shape: {
  positions: number
  inputSize: number
  outputSize: number
}): boolean =>
  shape.inputSize * shape.outputSize <= shape.positions * (shape.inputSize + shape.outputSize)

function compactConvolution(
  segment: ConvolutionSegment,
  rowCount: number,
  contract: ContractPatches,
): Compact {
  const { parameter, geometry, a, delta } = segment
  const positions = geometry.outHeight * geometry.outWidth
  const inputSize = geometry.filterHeight * geometry.filterWidth * geometry.inChannels
  const outputSize = geometry.outChannels
  if (!denseIsSmaller({ positions, inputSize, outputSize })) {
    const patches = extractPatches(a, geometry, rowCount)
    return { kind: 'factored', parameter, positions, inputSize, outputSize, a: patches, delta }
  }
  const values = contract(a, delta, geometry, rowCount)
  return { kind: 'dense', parameter, size: inputSize * outputSize, values }
}

function denseOf(segment: FactoredSegment | RowsSegment, rowCount: number): DenseSegment {
  const { size, data } = formed(segment, rowCount)
  return { kind: 'dense', parameter: segment.parameter, size, values: Float32Array.from(data) }
}

interface Formed {
  readonly size: number
  /** [rowCount, size] */
  readonly data: Float32Array | Float64Array
}

/** The gradients of all rows, in float64 where they have to be formed. */
function formed(segment: Compact, rowCount: number): Formed {
  if (segment.kind === 'dense') return { size: segment.size, data: segment.values }
  const size =
    segment.kind === 'factored'
      ? segment.inputSize * segment.outputSize
      : segment.parameterRows * segment.rowSize
  const data = new Float64Array(rowCount * size)
  for (let row = 0; row < rowCount; row++) {
    const gradient = data.subarray(row * size, (row + 1) * size)
    if (segment.kind === 'factored') formFactored(segment, row, gradient)
    else formRows(segment, row, gradient)
  }
  return { size, data }
}

/** G = Σ_t a_t δ_tᵀ of one example, into zeros. */
function formFactored(segment: FactoredSegment, row: number, gradient: Float64Array): void {
  const { positions, inputSize, outputSize, a, delta } = segment
  for (let t = row * positions; t < (row + 1) * positions; t++) {
    for (let i = 0; i < inputSize; i++) {
      const factor = a[t * inputSize + i]!
      for (let j = 0; j < outputSize; j++) {
        gradient[i * outputSize + j]! += factor * delta[t * outputSize + j]!
      }
    }
  }
}

/** Row index_t of G gets δ_t, into zeros. */
function formRows(segment: RowsSegment, row: number, gradient: Float64Array): void {
  const { positions, rowSize, indices, delta } = segment
  for (let t = row * positions; t < (row + 1) * positions; t++) {
    const offset = indices[t]! * rowSize
    for (let k = 0; k < rowSize; k++) gradient[offset + k]! += delta[t * rowSize + k]!
  }
}

function blockDot(a: CompactBlock, b: CompactBlock): Float64Array {
  const products = new Float64Array(a.rowCount * b.rowCount)
  for (const left of a.segments) {
    for (const right of b.segments) {
      if (left.parameter === right.parameter) addDot(left, a.rowCount, right, b.rowCount, products)
    }
  }
  return products
}

/** ⟨G_i, G'_j⟩ of two segments of one parameter, added to products[i, j]. */
function addDot(
  a: Compact,
  aRows: number,
  b: Compact,
  bRows: number,
  products: Float64Array,
): void {
  const pair = pairProduct(a, aRows, b, bRows)
  for (let i = 0; i < aRows; i++) {
    for (let j = 0; j < bRows; j++) products[i * bRows + j]! += pair(i, j)
  }
}

/** ⟨G_i, G'_j⟩ in the cheapest way that the two forms allow, without forming where that costs more. */
function pairProduct(
  a: Compact,
  aRows: number,
  b: Compact,
  bRows: number,
): (i: number, j: number) => number {
  if (a.kind === 'factored' && b.kind === 'factored' && gramIsCheaper(a, b)) {
    return (i, j) => gram(a, i, b, j)
  }
  if (a.kind === 'rows' && b.kind === 'rows') return (i, j) => matchingRows(a, i, b, j)
  if (a.kind === 'rows') {
    const other = formed(b, bRows)
    return (i, j) => lookedUp(a, i, other, j)
  }
  if (b.kind === 'rows') {
    const other = formed(a, aRows)
    return (i, j) => lookedUp(b, j, other, i)
  }
  const left = formed(a, aRows)
  const right = formed(b, bRows)
  return (i, j) => dot(left.data, i * left.size, right.data, j * left.size, left.size)
}

/** Σ_{t,s} (a_t·a'_s)(δ_t·δ'_s) takes T·T'(d+p) products per pair, a formed gradient d·p and the forming. */
const gramIsCheaper = (a: FactoredSegment, b: FactoredSegment): boolean =>
  a.positions * b.positions * (a.inputSize + a.outputSize) <=
  Math.max(a.positions, b.positions) * a.inputSize * a.outputSize

function gram(a: FactoredSegment, i: number, b: FactoredSegment, j: number): number {
  const { inputSize, outputSize } = a
  let sum = 0
  for (let t = i * a.positions; t < (i + 1) * a.positions; t++) {
    for (let s = j * b.positions; s < (j + 1) * b.positions; s++) {
      sum +=
        dot(a.a, t * inputSize, b.a, s * inputSize, inputSize) *
        dot(a.delta, t * outputSize, b.delta, s * outputSize, outputSize)
    }
  }
  return sum
}

/** Σ_{t,s} [index_t = index'_s] (δ_t·δ'_s) */
function matchingRows(a: RowsSegment, i: number, b: RowsSegment, j: number): number {
  let sum = 0
  for (let t = i * a.positions; t < (i + 1) * a.positions; t++) {
    for (let s = j * b.positions; s < (j + 1) * b.positions; s++) {
      if (a.indices[t] !== b.indices[s]) continue
      sum += dot(a.delta, t * a.rowSize, b.delta, s * a.rowSize, a.rowSize)
    }
  }
  return sum
}

/** Σ_t δ_t · G'[index_t] */
function lookedUp(a: RowsSegment, i: number, b: Formed, j: number): number {
  let sum = 0
  for (let t = i * a.positions; t < (i + 1) * a.positions; t++) {
    const offset = j * b.size + a.indices[t]! * a.rowSize
    sum += dot(a.delta, t * a.rowSize, b.data, offset, a.rowSize)
  }
  return sum
}

function blockSquaredNorms({ rowCount, segments }: CompactBlock): Float64Array {
  const norms = new Float64Array(rowCount)
  for (const left of segments) {
    for (const right of segments) {
      if (left.parameter !== right.parameter) continue
      const pair = pairProduct(left, rowCount, right, rowCount)
      for (let row = 0; row < rowCount; row++) norms[row]! += pair(row, row)
    }
  }
  return norms
}

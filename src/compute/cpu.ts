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
  const size = formedSize(segment)
  const values = new Float32Array(rowCount * size)
  const read = rowReader(segment)
  for (let row = 0; row < rowCount; row++) values.set(read(row).data, row * size)
  return { kind: 'dense', parameter: segment.parameter, size, values }
}

/** The gradient of one example: `size` numbers from `offset` on. */
interface FormedRow {
  readonly data: Float32Array | Float64Array
  readonly offset: number
}

const formedSize = (segment: Compact): number =>
  segment.kind === 'dense'
    ? segment.size
    : segment.kind === 'factored'
      ? segment.inputSize * segment.outputSize
      : segment.parameterRows * segment.rowSize

/**
 * Reads the gradient of a row, formed in float64 where it has to be. One row is held at a time: that of a wide
 * layer takes megabytes.
 */
function rowReader(segment: Compact): (row: number) => FormedRow {
  if (segment.kind === 'dense') {
    return (row) => ({ data: segment.values, offset: row * segment.size })
  }
  const data = new Float64Array(formedSize(segment))
  let heldRow = -1
  return (row) => {
    if (row !== heldRow) {
      data.fill(0)
      if (segment.kind === 'factored') formFactored(segment, row, data)
      else formRows(segment, row, data)
      heldRow = row
    }
    return { data, offset: 0 }
  }
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
  const pair = pairProduct(a, b)
  // The outer loop's side is formed once a row, the inner one's once a pair: the longer side goes outside.
  if (aRows > bRows) {
    for (let i = 0; i < aRows; i++) {
      for (let j = 0; j < bRows; j++) products[i * bRows + j]! += pair(i, j)
    }
  } else {
    for (let j = 0; j < bRows; j++) {
      for (let i = 0; i < aRows; i++) products[i * bRows + j]! += pair(i, j)
    }
  }
}

/** ⟨G_i, G'_j⟩ in the cheapest way that the two forms allow, without forming where that costs more. */
function pairProduct(a: Compact, b: Compact): (i: number, j: number) => number {
  if (a.kind === 'factored' && b.kind === 'factored' && gramIsCheaper(a, b)) {
    return (i, j) => gram(a, i, b, j)
  }
  if (a.kind === 'rows' && b.kind === 'rows') return (i, j) => matchingRows(a, i, b, j)
  if (a.kind === 'rows') {
    const other = rowReader(b)
    return (i, j) => lookedUp(a, i, other(j))
  }
  if (b.kind === 'rows') {
    const other = rowReader(a)
    return (i, j) => lookedUp(b, j, other(i))
  }
  const size = formedSize(a)
  const left = rowReader(a)
  const right = rowReader(b)
  return (i, j) => {
    const g = left(i)
    const other = right(j)
    return dot(g.data, g.offset, other.data, other.offset, size)
  }
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
function lookedUp(a: RowsSegment, i: number, b: FormedRow): number {
  let sum = 0
  for (let t = i * a.positions; t < (i + 1) * a.positions; t++) {
    const offset = b.offset + a.indices[t]! * a.rowSize
    sum += dot(a.delta, t * a.rowSize, b.data, offset, a.rowSize)
  }
  return sum
}

function blockSquaredNorms({ rowCount, segments }: CompactBlock): Float64Array {
  const norms = new Float64Array(rowCount)
  for (const left of segments) {
    for (const right of segments) {
      if (left.parameter !== right.parameter) continue
      const product = left === right ? selfProduct(left) : rowProduct(left, right)
      for (let row = 0; row < rowCount; row++) norms[row]! += product(row)
    }
  }
  return norms
}

/** ⟨G_row, G'_row⟩ of two segments of one parameter. */
function rowProduct(a: Compact, b: Compact): (row: number) => number {
  const pair = pairProduct(a, b)
  return (row) => pair(row, row)
}

/** ‖G_row‖², formed once where it has to be formed. */
function selfProduct(segment: Compact): (row: number) => number {
  if (segment.kind !== 'factored' || gramIsCheaper(segment, segment)) {
    return rowProduct(segment, segment)
  }
  const size = formedSize(segment)
  const read = rowReader(segment)
  return (row) => {
    const { data, offset } = read(row)
    return dot(data, offset, data, offset, size)
  }
}

import type {
  CompactBlock,
  CompactSegment,
  FactoredSegment,
  LookupSegment,
} from '../gradients/block.js'
import { getDenseSize } from '../gradients/compact-layout.js'
import { computeDot } from './dot.js'
import { isGramCheaper } from './product-method.js'
import { type DenseGradient, createGradientReader } from '../gradients/dense-gradient.js'

/** ⟨g_i, g'_j⟩ over all parameters, summed in float64: [a.exampleCount, b.exampleCount]. */
export function computeInnerProducts(a: CompactBlock, b: CompactBlock): Float64Array {
  const products = new Float64Array(a.exampleCount * b.exampleCount)
  for (const left of a.segments) {
    for (const right of b.segments) {
      if (left.parameter === right.parameter)
        addDot(left, a.exampleCount, right, b.exampleCount, products)
    }
  }
  return products
}

/** ⟨G_i, G'_j⟩ of two segments of one parameter, added to products[i, j]. */
function addDot(
  a: CompactSegment,
  aCount: number,
  b: CompactSegment,
  bCount: number,
  products: Float64Array,
): void {
  const pair = choosePairProduct(a, b)
  // Gradients of the outer loop are materialized once each, those of the inner loop once per pair.
  if (aCount > bCount) {
    for (let i = 0; i < aCount; i++) {
      for (let j = 0; j < bCount; j++) products[i * bCount + j]! += pair(i, j)
    }
  } else {
    for (let j = 0; j < bCount; j++) {
      for (let i = 0; i < aCount; i++) products[i * bCount + j]! += pair(i, j)
    }
  }
}

/** Chooses the cheapest exact way to compute ⟨G_i, G'_j⟩ for two layouts. */
function choosePairProduct(a: CompactSegment, b: CompactSegment): (i: number, j: number) => number {
  if (a.kind === 'factored' && b.kind === 'factored' && isGramCheaper(a, b)) {
    return (i, j) => computeGramProduct(a, i, b, j)
  }
  if (a.kind === 'lookup' && b.kind === 'lookup') return (i, j) => multiplyLookups(a, i, b, j)
  if (a.kind === 'lookup') {
    const other = createGradientReader(b)
    return (i, j) => multiplyLookup(a, i, other(j))
  }
  if (b.kind === 'lookup') {
    const other = createGradientReader(a)
    return (i, j) => multiplyLookup(b, j, other(i))
  }
  const size = getDenseSize(a)
  const left = createGradientReader(a)
  const right = createGradientReader(b)
  return (i, j) => {
    const g = left(i)
    const other = right(j)
    return computeDot(g.data, g.offset, other.data, other.offset, size)
  }
}

/** Σ_{t,s} (a_t·a'_s)(δ_t·δ'_s) */
function computeGramProduct(a: FactoredSegment, i: number, b: FactoredSegment, j: number): number {
  const { inputSize, outputSize } = a
  let sum = 0
  for (let t = i * a.positions; t < (i + 1) * a.positions; t++) {
    for (let s = j * b.positions; s < (j + 1) * b.positions; s++) {
      sum +=
        computeDot(a.a, t * inputSize, b.a, s * inputSize, inputSize) *
        computeDot(a.delta, t * outputSize, b.delta, s * outputSize, outputSize)
    }
  }
  return sum
}

/** Σ_{t,s} [index_t = index'_s] (δ_t·δ'_s) */
function multiplyLookups(a: LookupSegment, i: number, b: LookupSegment, j: number): number {
  let sum = 0
  for (let t = i * a.positions; t < (i + 1) * a.positions; t++) {
    for (let s = j * b.positions; s < (j + 1) * b.positions; s++) {
      if (a.indices[t] !== b.indices[s]) continue
      sum += computeDot(a.delta, t * a.rowSize, b.delta, s * a.rowSize, a.rowSize)
    }
  }
  return sum
}

/** Σ_t δ_t · G'[index_t] */
function multiplyLookup(a: LookupSegment, i: number, b: DenseGradient): number {
  let sum = 0
  for (let t = i * a.positions; t < (i + 1) * a.positions; t++) {
    const offset = b.offset + a.indices[t]! * a.rowSize
    sum += computeDot(a.delta, t * a.rowSize, b.data, offset, a.rowSize)
  }
  return sum
}

/** ‖g_i‖² over all parameters, summed in float64. */
export function computeSquaredNorms({ exampleCount, segments }: CompactBlock): Float64Array {
  const norms = new Float64Array(exampleCount)
  for (const left of segments) {
    for (const right of segments) {
      if (left.parameter !== right.parameter) continue
      const product = left === right ? chooseSelfProduct(left) : chooseRowProduct(left, right)
      for (let row = 0; row < exampleCount; row++) norms[row]! += product(row)
    }
  }
  return norms
}

/** Chooses how to compute ⟨G_i, G'_i⟩ for two segments of one parameter. */
function chooseRowProduct(a: CompactSegment, b: CompactSegment): (row: number) => number {
  const pair = choosePairProduct(a, b)
  return (row) => pair(row, row)
}

/** Chooses how to compute ‖G_i‖², materializing G_i at most once. */
function chooseSelfProduct(segment: CompactSegment): (row: number) => number {
  if (segment.kind !== 'factored' || isGramCheaper(segment, segment)) {
    return chooseRowProduct(segment, segment)
  }
  const size = getDenseSize(segment)
  const read = createGradientReader(segment)
  return (row) => {
    const { data, offset } = read(row)
    return computeDot(data, offset, data, offset, size)
  }
}

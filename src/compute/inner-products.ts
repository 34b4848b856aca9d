import type {
  CompactBlock,
  CompactSegment,
  FactoredSegment,
  LookupSegment,
} from '../gradients/block.js'
import { denseSize } from '../gradients/compact-layout.js'
import { dot } from './dot.js'
import { isGramCheaper } from './product-method.js'
import { type DenseGradient, rowReader } from '../gradients/dense-gradient.js'

/** ⟨g_i, g'_j⟩ over all parameters, summed in float64: [a.rowCount, b.rowCount]. */
export function innerProducts(a: CompactBlock, b: CompactBlock): Float64Array {
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
  aRows: number,
  b: CompactSegment,
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
function pairProduct(a: CompactSegment, b: CompactSegment): (i: number, j: number) => number {
  if (a.kind === 'factored' && b.kind === 'factored' && isGramCheaper(a, b)) {
    return (i, j) => gram(a, i, b, j)
  }
  if (a.kind === 'lookup' && b.kind === 'lookup') return (i, j) => matchingRows(a, i, b, j)
  if (a.kind === 'lookup') {
    const other = rowReader(b)
    return (i, j) => lookedUp(a, i, other(j))
  }
  if (b.kind === 'lookup') {
    const other = rowReader(a)
    return (i, j) => lookedUp(b, j, other(i))
  }
  const size = denseSize(a)
  const left = rowReader(a)
  const right = rowReader(b)
  return (i, j) => {
    const g = left(i)
    const other = right(j)
    return dot(g.data, g.offset, other.data, other.offset, size)
  }
}

/** Σ_{t,s} (a_t·a'_s)(δ_t·δ'_s) */
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
function matchingRows(a: LookupSegment, i: number, b: LookupSegment, j: number): number {
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
function lookedUp(a: LookupSegment, i: number, b: DenseGradient): number {
  let sum = 0
  for (let t = i * a.positions; t < (i + 1) * a.positions; t++) {
    const offset = b.offset + a.indices[t]! * a.rowSize
    sum += dot(a.delta, t * a.rowSize, b.data, offset, a.rowSize)
  }
  return sum
}

/** ‖g_i‖² over all parameters, summed in float64. */
export function squaredNorms({ exampleCount, segments }: CompactBlock): Float64Array {
  const norms = new Float64Array(exampleCount)
  for (const left of segments) {
    for (const right of segments) {
      if (left.parameter !== right.parameter) continue
      const product = left === right ? selfProduct(left) : rowProduct(left, right)
      for (let row = 0; row < exampleCount; row++) norms[row]! += product(row)
    }
  }
  return norms
}

/** ⟨G_row, G'_row⟩ of two segments of one parameter. */
function rowProduct(a: CompactSegment, b: CompactSegment): (row: number) => number {
  const pair = pairProduct(a, b)
  return (row) => pair(row, row)
}

/** ‖G_row‖², formed once where it has to be formed. */
function selfProduct(segment: CompactSegment): (row: number) => number {
  if (segment.kind !== 'factored' || isGramCheaper(segment, segment)) {
    return rowProduct(segment, segment)
  }
  const size = denseSize(segment)
  const read = rowReader(segment)
  return (row) => {
    const { data, offset } = read(row)
    return dot(data, offset, data, offset, size)
  }
}

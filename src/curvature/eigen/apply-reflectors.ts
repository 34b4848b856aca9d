import type { Numbers } from '../../gradients/numbers/number-memory.js'
import { type Matrices, viewRows } from '../matrices/matrices.js'
import type { Rest } from '../rest.js'

/** H_i = 1 − 2 v_i v_iᵀ for i from 1 on, of the rows that have a v_i; H_i of others is the unit matrix. */
export interface Reflectors {
  /** [n, n]: v_i is in the first i numbers of row i. */
  readonly vectors: Numbers
  readonly hasVector: Uint8Array
}

/** The product of as many reflectors is applied at once, as a product of matrices. */
const reflectorsAtOnce = 32

/** So many rows are multiplied without a pause. */
const rowsAtOnce = 256

/**
 * Multiplies the rows of a matrix W [n, n] by reflectors: W H_1 … H_{n−1}. A block of them is 1 − V T Vᵀ, with V_j in its
 * columns and T triangular (Schreiber and Van Loan, 1989).
 */
export async function applyReflectors(
  { vectors, hasVector }: Reflectors,
  rows: Numbers,
  n: number,
  matrices: Matrices,
  rest: Rest,
): Promise<void> {
  const most = reflectorsAtOnce
  const packed = matrices.allocate(most * n)
  const transposed = matrices.allocate(most * n)
  const gram = matrices.allocate(most * most)
  const triangle = matrices.allocate(most * most)
  const products = matrices.allocate(rowsAtOnce * most)
  const scaled = matrices.allocate(rowsAtOnce * most)
  for (let first = 1; first < n; first += most) {
    const last = Math.min(first + most, n) - 1
    const chosen: number[] = []
    for (let i = first; i <= last; i++) if (hasVector[i] === 1) chosen.push(i)
    const k = chosen.length
    if (k === 0) continue
    // The longest vector has as many numbers as its row's index.
    const width = last
    copyVectors(vectors, chosen, n, width, packed, transposed)
    gram.data.fill(0)
    const packedView = viewRows(packed, width)
    const transposedView = viewRows(transposed, k)
    matrices.multiplyAdd(packedView, transposedView, [k, width, k], viewRows(gram, k))
    writeTriangle(gram.data, k, triangle.data)
    for (let from = 0; from < n; from += rowsAtOnce) {
      const count = Math.min(rowsAtOnce, n - from)
      const own = viewRows(rows, n, from * n)
      products.data.fill(0)
      scaled.data.fill(0)
      const [left, right] = [viewRows(products, k), viewRows(scaled, k)]
      matrices.multiplyAdd(own, transposedView, [count, width, k], left)
      matrices.multiplyAdd(left, viewRows(triangle, k), [count, k, k], right)
      matrices.multiplyAdd(right, packedView, [count, k, width], own)
      await rest()
    }
  }
}

/** Copies v_i to the rows of one matrix and to the columns of another, with zeros after them. */
function copyVectors(
  vectors: Numbers,
  chosen: readonly number[],
  n: number,
  width: number,
  packed: Numbers,
  transposed: Numbers,
): void {
  const k = chosen.length
  const [from, rows, columns] = [vectors.data, packed.data, transposed.data]
  rows.fill(0, 0, k * width)
  columns.fill(0, 0, k * width)
  for (const [j, i] of chosen.entries()) {
    for (let l = 0; l < i; l++) {
      const number = from[i * n + l]!
      rows[j * width + l] = number
      columns[l * k + j] = number
    }
  }
}

/** Writes −T, from the inner products of the vectors: its column j is −2 T (Vᵀ v_j) above a diagonal of 2. */
function writeTriangle(gram: Float64Array, k: number, triangle: Float64Array): void {
  triangle.fill(0, 0, k * k)
  for (let j = 0; j < k; j++) {
    triangle[j * k + j] = -2
    for (let i = 0; i < j; i++) {
      let sum = 0
      for (let l = i; l < j; l++) sum += triangle[i * k + l]! * gram[l * k + j]!
      triangle[i * k + j] = -2 * sum
    }
  }
}

import type { Numbers } from '../../gradients/numbers/number-memory.js'
import { allocateZeros, type Matrices, viewRows } from '../matrices/matrices.js'
import { applyReflectors, type Reflectors } from './apply-reflectors.js'
import { decomposeTridiagonal, type Tridiagonal } from './decompose-tridiagonal.js'
import type { Rest } from '../rest.js'

/** Eigenvalues, ascending, and the eigenvectors [n, n], one in each column. */
export interface Eigendecomposition {
  readonly values: Float64Array
  readonly vectors: Float32Array
}

/**
 * Computes the eigenvalues and eigenvectors of a symmetric matrix [n, n] in float64, by Householder's reduction to a
 * tridiagonal matrix, divide and conquer, and the reflectors in blocks (Golub and Van Loan, "Matrix Computations", 5.1
 * and chapter 8).
 *
 * @param matrix its lower triangle is read
 * @param matrices a workspace, whose numbers are freed
 * @param rest called regularly; an exception ends the work
 */
export async function decomposeSymmetric(
  matrix: Float64Array,
  n: number,
  matrices: Matrices,
  rest: Rest,
): Promise<Eigendecomposition> {
  matrices.clear()
  const a = matrices.allocate(n * n)
  a.data.set(matrix)
  await rest()
  const { tridiagonal, reflectors } = await tridiagonalize(a, n, matrices, rest)
  const { rows, values } = await decomposeTridiagonal(tridiagonal, n, matrices, rest)
  await applyReflectors(reflectors, rows, n, matrices, rest)
  return sortAscending(values, rows, n, rest)
}

/**
 * Reduces a matrix to a tridiagonal one, T = Qᵀ A Q with Q = H_{n−1} … H_1 and H_i = 1 − 2 v_i v_iᵀ. Row i keeps v_i in
 * its first i numbers.
 */
async function tridiagonalize(
  a: Numbers,
  n: number,
  matrices: Matrices,
  rest: Rest,
): Promise<{ readonly tridiagonal: Tridiagonal; readonly reflectors: Reflectors }> {
  const diagonal = new Float64Array(n)
  const below = new Float64Array(n)
  const hasVector = new Uint8Array(n)
  const product = allocateZeros(matrices, n)
  for (let i = n - 1; i > 0; i--) {
    const v = a.data.subarray(i * n, i * n + i)
    diagonal[i] = a.data[i * n + i]!
    const last = v[i - 1]!
    const others = measure(v.subarray(0, i - 1))
    // The row is tridiagonal already.
    if (others === 0) {
      below[i - 1] = last
      continue
    }
    const norm = Math.hypot(last, others)
    const rotated = last > 0 ? -norm : norm
    below[i - 1] = rotated
    // v has length 1, so that its square neither overflows nor underflows.
    v[i - 1] = last - rotated
    const length = measure(v)
    for (let k = 0; k < i; k++) v[k]! /= length
    hasVector[i] = 1
    const vector = viewRows(a, n, i * n)
    matrices.multiplyLower(a, n, i, vector, product)
    const p = product.data
    let square = 0
    for (let k = 0; k < i; k++) {
      p[k]! *= 2
      square += p[k]! * v[k]!
    }
    for (let k = 0; k < i; k++) p[k]! -= square * v[k]!
    matrices.subtractRankTwo(a, n, i, vector, product)
    await rest()
  }
  diagonal[0] = a.data[0]!
  return { tridiagonal: { diagonal, below }, reflectors: { vectors: a, hasVector } }
}

/** Returns ‖v‖, which does not overflow or underflow where the numbers do not. */
function measure(v: Float64Array): number {
  let largest = 0
  for (const x of v) largest = Math.max(largest, Math.abs(x))
  if (largest === 0) return 0
  let sum = 0
  for (const x of v) sum += (x / largest) ** 2
  return largest * Math.sqrt(sum)
}

async function sortAscending(
  values: Float64Array,
  rows: Numbers,
  n: number,
  rest: Rest,
): Promise<Eigendecomposition> {
  const order = Array.from(values.keys()).sort((a, b) => values[a]! - values[b]!)
  const vectors = new Float32Array(n * n)
  // Squares of numbers at a time, so that both matrices stay in the cache.
  for (let first = 0; first < n; first += sideOfSquare) {
    const end = Math.min(first + sideOfSquare, n)
    const { data } = rows
    for (let from = 0; from < n; from += sideOfSquare) {
      const to = Math.min(from + sideOfSquare, n)
      for (let column = from; column < to; column++) {
        const source = order[column]! * n
        for (let k = first; k < end; k++) vectors[k * n + column] = data[source + k]!
      }
    }
    await rest()
  }
  return { values: Float64Array.from(order, (k) => values[k]!), vectors }
}

const sideOfSquare = 64

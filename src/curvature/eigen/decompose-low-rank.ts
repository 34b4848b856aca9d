import type { Numbers } from '../../gradients/numbers/number-memory.js'
import { allocateZeros, type Matrices, place, viewColumns, viewRows } from '../matrices/matrices.js'
import { multiplyInParts } from '../matrices/multiply-in-parts.js'
import type { Rest } from '../rest.js'
import { decomposeSymmetric, type Eigendecomposition } from './decompose-symmetric.js'

/**
 * Computes the eigenvalues and eigenvectors of a positive semidefinite matrix A [n, n] of low rank r in float64. All others
 * are zero up to rounding, and left out: the eigenvectors are [n, r]. A Cholesky decomposition with pivots, A = L Lᵀ, finds
 * the rank (Higham, "Accuracy and Stability of Numerical Algorithms", 10.3). L = Q R, and the eigenvectors are those of
 * R Rᵀ [r, r], multiplied by Q.
 *
 * @param matrix its lower triangle is read
 * @param most a bound of the rank
 * @param matrices a workspace, whose numbers are freed
 * @param rest called regularly; an exception ends the work
 */
export async function decomposeLowRank(
  matrix: Float64Array,
  n: number,
  most: number,
  matrices: Matrices,
  rest: Rest,
): Promise<Eigendecomposition> {
  matrices.clear()
  const factors = matrices.allocate(most * n)
  const coefficients = matrices.allocate(most)
  const found = await findFactors(matrix, n, factors, coefficients, matrices, rest)
  if (found === 0) return decomposeZeros(n)
  const sums = await orthonormalize(factors, found, n, coefficients, matrices, rest)
  const product = allocateZeros(matrices, found ** 2)
  const [left, right] = [viewColumns(sums, found), viewRows(sums, found)]
  const square = [found, found, found] as const
  await multiplyInParts(matrices, left, right, square, viewRows(product, found), rest)
  const basis = factors.data.slice(0, found * n)
  const { values, vectors } = await decomposeSymmetric(product.data.slice(), found, matrices, rest)
  matrices.clear()
  const [placed, small] = [place(matrices, basis), place(matrices, vectors)]
  const whole = allocateZeros(matrices, n * found)
  const sizes = [n, found, found] as const
  const into = viewRows(whole, found)
  await multiplyInParts(matrices, viewColumns(placed, n), viewRows(small, found), sizes, into, rest)
  return { values, vectors: Float32Array.from(whole.data) }
}

/** Any direction is an eigenvector. */
function decomposeZeros(n: number): Eigendecomposition {
  const vectors = new Float32Array(n)
  vectors[0] = 1
  return { values: new Float64Array(1), vectors }
}

/**
 * Writes the columns of L, each in a row, and returns their number. It ends where all that is left is smaller than the
 * rounding errors of A.
 *
 * @param factors [most, n]
 * @param coefficients room for `most` numbers
 */
async function findFactors(
  matrix: Float64Array,
  n: number,
  factors: Numbers,
  coefficients: Numbers,
  matrices: Matrices,
  rest: Rest,
): Promise<number> {
  const most = coefficients.data.length
  const left = Float64Array.from({ length: n }, (_, i) => matrix[i * n + i]!)
  const least = n * Number.EPSILON * Math.max(...left)
  for (let k = 0; k < most; k++) {
    let pivot = 0
    for (let i = 1; i < n; i++) if (left[i]! > left[pivot]!) pivot = i
    // Also where the matrix is zero.
    if (left[pivot]! <= least) return k
    const root = Math.sqrt(left[pivot]!)
    const { data } = factors
    for (let i = 0; i < n; i++) {
      data[k * n + i] = i < pivot ? matrix[pivot * n + i]! : matrix[i * n + pivot]!
    }
    for (let j = 0; j < k; j++) coefficients.data[j] = -data[j * n + pivot]!
    const into = viewRows(factors, n, k * n)
    matrices.multiplyAdd(viewRows(coefficients, k), viewRows(factors, n), [1, k, n], into)
    for (let i = 0; i < n; i++) {
      const element = data[k * n + i]! / root
      data[k * n + i] = element
      left[i]! -= element ** 2
    }
    left[pivot] = 0
    await rest()
  }
  return most
}

/**
 * Makes rows orthonormal, each twice, which keeps them so up to rounding. Returns the coefficients R [count, count]: row k
 * was Σ_j R_kj q_j.
 */
async function orthonormalize(
  rows: Numbers,
  count: number,
  n: number,
  coefficients: Numbers,
  matrices: Matrices,
  rest: Rest,
): Promise<Numbers> {
  const sums = allocateZeros(matrices, count ** 2)
  for (let k = 0; k < count; k++) {
    const own = viewRows(rows, n, k * n)
    for (let pass = 0; pass < 2; pass++) {
      coefficients.data.fill(0)
      const column = viewRows(rows, 1, k * n)
      matrices.multiplyAdd(viewRows(rows, n), column, [k, n, 1], viewRows(coefficients, 1))
      for (let j = 0; j < k; j++) {
        sums.data[k * count + j]! += coefficients.data[j]!
        coefficients.data[j]! *= -1
      }
      matrices.multiplyAdd(viewRows(coefficients, k), viewRows(rows, n), [1, k, n], own)
    }
    const vector = rows.data.subarray(k * n, (k + 1) * n)
    let square = 0
    for (const element of vector) square += element ** 2
    const length = Math.sqrt(square)
    sums.data[k * count + k] = length
    for (let i = 0; i < n; i++) vector[i]! /= length
    await rest()
  }
  return sums
}

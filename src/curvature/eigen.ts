import type { Numbers } from '../gradients/numbers/number-memory.js'
import { allocateZeros, type Matrices, viewRows } from './matrices/matrices.js'

/** Eigenvalues, ascending, and the eigenvectors [n, n], one in each column. */
export interface Eigendecomposition {
  readonly values: Float64Array
  readonly vectors: Float32Array
}

/**
 * Computes the eigenvalues and eigenvectors of a symmetric matrix [n, n] in float64, by Householder's reduction to a
 * tridiagonal matrix and the QL algorithm with implicit shifts (Golub and Van Loan, "Matrix Computations", chapter 8).
 *
 * @param matrix its lower triangle is read
 * @param matrices a workspace, whose numbers are freed
 * @param pause called regularly so that the page can respond; an exception ends the work
 */
export async function decomposeSymmetric(
  matrix: Float64Array,
  n: number,
  matrices: Matrices,
  pause: () => Promise<void>,
): Promise<Eigendecomposition> {
  matrices.clear()
  const rest = createRest(pause)
  const a = matrices.allocate(n * n)
  a.data.set(matrix)
  const diagonal = new Float64Array(n)
  const below = new Float64Array(n)
  const hasVector = await tridiagonalize(a, n, matrices, { diagonal, below }, rest)
  const rows = await createOrthogonal(a, hasVector, n, matrices, rest)
  await diagonalize({ diagonal, below }, rows, n, matrices, rest)
  return sortAscending(diagonal, rows.data, n)
}

type Rest = () => Promise<void> | undefined

/** Pauses after this time, so that the page can respond. */
const longestTaskMs = 12

function createRest(pause: () => Promise<void>): Rest {
  let lastPause = performance.now()
  return () =>
    performance.now() - lastPause < longestTaskMs
      ? undefined
      : pause().then(() => {
          lastPause = performance.now()
        })
}

interface Tridiagonal {
  readonly diagonal: Float64Array
  /** Number i is in row i, left of the diagonal. */
  readonly below: Float64Array
}

/**
 * Reduces a matrix to a tridiagonal one, T = Qᵀ A Q with Q = H_{n−1} … H_1 and H_i = 1 − 2 v_i v_iᵀ. Row i keeps v_i in
 * its first i numbers.
 *
 * @returns which rows have a v_i; H_i of others is the unit matrix
 */
async function tridiagonalize(
  a: Numbers,
  n: number,
  matrices: Matrices,
  { diagonal, below }: Tridiagonal,
  rest: Rest,
): Promise<Uint8Array> {
  const hasVector = new Uint8Array(n)
  const product = allocateZeros(matrices, n)
  for (let i = n - 1; i > 0; i--) {
    const v = a.data.subarray(i * n, i * n + i)
    diagonal[i] = a.data[i * n + i]!
    const last = v[i - 1]!
    const others = measure(v.subarray(0, i - 1))
    // The row is tridiagonal already.
    if (others === 0) {
      below[i] = last
      continue
    }
    const norm = Math.hypot(last, others)
    const rotated = last > 0 ? -norm : norm
    below[i] = rotated
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
  return hasVector
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

/** Creates Qᵀ = H_1 … H_{n−1} [n, n] of A = Q T Qᵀ; its rows become the eigenvectors. */
async function createOrthogonal(
  a: Numbers,
  hasVector: Uint8Array,
  n: number,
  matrices: Matrices,
  rest: Rest,
): Promise<Numbers> {
  const rows = allocateZeros(matrices, n * n)
  for (let k = 0; k < n; k++) rows.data[k * n + k] = 1
  for (let i = 1; i < n; i++) {
    // Only the leading [i, i] numbers differ from the unit matrix.
    if (hasVector[i] === 1) matrices.reflectRows(rows, n, i, viewRows(a, n, i * n))
    await rest()
  }
  return rows
}

/** QL sweeps until the numbers next to the diagonal vanish. Rotations of columns of Q are rotations of rows of Qᵀ. */
async function diagonalize(
  { diagonal: d, below: e }: Tridiagonal,
  rows: Numbers,
  n: number,
  matrices: Matrices,
  rest: Rest,
): Promise<void> {
  // e[k] is between k and k + 1.
  e.copyWithin(0, 1)
  e[n - 1] = 0
  const rotations = new Rotations(rows, n, matrices)
  for (let l = 0; l < n; l++) {
    for (let sweep = 0; ; sweep++) {
      const m = findSplit(d, e, l, n)
      if (m === l) break
      if (sweep === mostSweeps) throw new Error('the eigenvalues of a curvature did not converge')
      sweepUp(d, e, l, m, rotations)
      if (rotations.count > mostRotations) await rotations.apply(rest)
    }
  }
  await rotations.apply(rest)
}

/** Finds the first k from l on where the matrix falls apart: next to the diagonal is nothing, up to rounding. */
function findSplit(d: Float64Array, e: Float64Array, l: number, n: number): number {
  let m = l
  while (m < n - 1) {
    if (Math.abs(e[m]!) <= Number.EPSILON * (Math.abs(d[m]!) + Math.abs(d[m + 1]!))) break
    m++
  }
  return m
}

/** One sweep of implicit QL over the rows from l to m. */
function sweepUp(
  d: Float64Array,
  e: Float64Array,
  l: number,
  m: number,
  rotations: Rotations,
): void {
  const slope = (d[l + 1]! - d[l]!) / (2 * e[l]!)
  const root = Math.hypot(slope, 1)
  let g = d[m]! - d[l]! + e[l]! / (slope + (slope < 0 ? -root : root))
  let [s, c, p] = [1, 1, 0]
  for (let i = m - 1; i >= l; i--) {
    const f = s * e[i]!
    const b = c * e[i]!
    const radius = Math.hypot(f, g)
    e[i + 1] = radius
    if (radius === 0) {
      d[i + 1]! -= p
      e[m] = 0
      return
    }
    s = f / radius
    c = g / radius
    const shifted = d[i + 1]! - p
    const q = (d[i]! - shifted) * s + 2 * c * b
    p = s * q
    d[i + 1] = shifted + p
    g = c * q - b
    rotations.add(i, c, s)
  }
  d[l]! -= p
  e[l] = g
  e[m] = 0
}

/** Two sweeps are needed for an eigenvalue on average. */
const mostSweeps = 60

/** Rotations are gathered and applied together, a few columns at a time: the numbers of those stay in the cache. */
const mostRotations = 1 << 16
const columnsAtOnce = 16

class Rotations {
  readonly #rows: Numbers
  readonly #n: number
  readonly #matrices: Matrices
  readonly #placed: { readonly firsts: Numbers; readonly angles: Numbers }
  // Gathered in JavaScript's memory: a view of the workspace is looked up at each use.
  readonly #firsts: Float64Array
  readonly #angles: Float64Array
  #count = 0

  constructor(rows: Numbers, n: number, matrices: Matrices) {
    this.#rows = rows
    this.#n = n
    this.#matrices = matrices
    // A sweep that begins below the limit may end above it.
    const most = mostRotations + n + 1
    this.#placed = { firsts: matrices.allocate(most), angles: matrices.allocate(2 * most) }
    this.#firsts = new Float64Array(most)
    this.#angles = new Float64Array(2 * most)
  }

  get count(): number {
    return this.#count
  }

  add(first: number, c: number, s: number): void {
    const k = this.#count++
    this.#firsts[k] = first
    this.#angles[2 * k] = c
    this.#angles[2 * k + 1] = s
  }

  async apply(rest: Rest): Promise<void> {
    const [n, count] = [this.#n, this.#count]
    this.#placed.firsts.data.set(this.#firsts.subarray(0, count))
    this.#placed.angles.data.set(this.#angles.subarray(0, 2 * count))
    for (let start = 0; start < n; start += columnsAtOnce) {
      const columns = { start, end: Math.min(start + columnsAtOnce, n) }
      this.#matrices.rotateRows(this.#rows, n, columns, { ...this.#placed, count })
      await rest()
    }
    this.#count = 0
  }
}

function sortAscending(values: Float64Array, rows: Float64Array, n: number): Eigendecomposition {
  const order = Array.from(values.keys()).sort((a, b) => values[a]! - values[b]!)
  const vectors = new Float32Array(n * n)
  for (const [column, source] of order.entries()) {
    for (let k = 0; k < n; k++) vectors[k * n + column] = rows[source * n + k]!
  }
  return { values: Float64Array.from(order, (k) => values[k]!), vectors }
}

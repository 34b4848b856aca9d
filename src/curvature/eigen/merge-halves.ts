import type { Numbers } from '../../gradients/numbers/number-memory.js'
import { type Matrices, viewRows } from '../matrices/matrices.js'
import type { Rest } from '../rest.js'
import { type SecularRoot, solveSecularEquation } from './secular-equation.js'

/** The eigenvectors of a tridiagonal matrix [n, n], in its rows, as far as they are known. */
export interface Vectors {
  readonly rows: Numbers
  readonly n: number
  /** The eigenvalue of each row. */
  readonly values: Float64Array
}

/** The rows from `start` to `end` − 1, in halves at `middle` whose eigenvectors are known. */
export interface Halves {
  readonly start: number
  readonly middle: number
  readonly end: number
}

/**
 * Computes the eigenvectors of T from those of its halves, T = [T₁ 0; 0 T₂] + |β| v vᵀ, where v is 1 at the end of the
 * first half and the sign of β at the start of the second (Cuppen, 1981). Eigenvectors are those of D + ρ z zᵀ in the
 * basis of the halves', with z recomputed from the eigenvalues (Gu and Eisenstat, 1995).
 *
 * @param beta the element of T that joins the halves
 */
export async function mergeHalves(
  vectors: Vectors,
  halves: Halves,
  beta: number,
  matrices: Matrices,
  rest: Rest,
): Promise<void> {
  if (beta === 0) return
  const { rows, n, values } = vectors
  const { start, middle, end } = halves
  const z = new Float64Array(n)
  const { data } = rows
  for (let j = start; j < middle; j++) z[j] = data[j * n + middle - 1]! * Math.SQRT1_2
  for (let j = middle; j < end; j++) {
    z[j] = Math.sign(beta) * data[j * n + middle]! * Math.SQRT1_2
  }
  const rho = 2 * Math.abs(beta)
  const { kept, mixed } = deflate(vectors, halves, z, rho)
  const k = kept.length
  if (k === 0) return
  await rest()
  const { order, leftCount, rightCount } = groupRows(kept, mixed, middle)
  const d = Float64Array.from(kept, (row) => values[row]!)
  const squares = Float64Array.from(kept, (row) => z[row]! ** 2)
  const poles = new Float64Array(k)
  const roots: SecularRoot[] = []
  for (let i = 0; i < k; i++) {
    roots.push(solveSecularEquation(i, k, d, squares, rho, poles))
    if (i % rowsAtOnce === 0) await rest()
  }
  for (const [i, { origin, offset }] of roots.entries()) values[kept[i]!] = d[origin]! + offset
  const corrected = correct(d, roots)
  for (const [j, row] of kept.entries()) corrected[j]! *= Math.sign(z[row]!)

  const size = end - start
  const left = copyRows(vectors, order.slice(0, leftCount), start, middle, matrices)
  const right = copyRows(vectors, order.slice(k - rightCount), middle, end, matrices)
  await rest()
  const product = matrices.allocate(rowsAtOnce * size)
  const weights = matrices.allocate(rowsAtOnce * k)
  const placeOf = new Map(order.map((row, place) => [row, place]))
  const places = Int32Array.from(kept, (row) => placeOf.get(row)!)
  for (let from = 0; from < k; from += rowsAtOnce) {
    const to = Math.min(from + rowsAtOnce, k)
    const numbers = weights.data
    for (let i = from; i < to; i++) {
      writeWeights(d, corrected, roots[i]!, places, numbers.subarray((i - from) * k))
    }
    product.data.fill(0)
    const into = viewRows(product, size)
    const second = viewRows(product, size, middle - start)
    const others = viewRows(weights, k, k - rightCount)
    const [leftView, rightView] = [viewRows(left, middle - start), viewRows(right, end - middle)]
    matrices.multiplyAdd(
      viewRows(weights, k),
      leftView,
      [to - from, leftCount, middle - start],
      into,
    )
    matrices.multiplyAdd(others, rightView, [to - from, rightCount, end - middle], second)
    for (let i = from; i < to; i++) {
      const own = product.data.subarray((i - from) * size, (i - from + 1) * size)
      rows.data.set(own, kept[i]! * n + start)
    }
    await rest()
  }
  matrices.freeFrom(left)
}

/** Rows of eigenvectors are computed this many at a time. */
const rowsAtOnce = 64

/**
 * Finds the rows whose eigenvectors are those of T already: where z is 0, or can be made 0 by a rotation with a row of nearly
 * the same eigenvalue.
 *
 * @returns the other rows, by ascending eigenvalues, and those that have numbers in both halves
 */
function deflate(
  { rows, n, values }: Vectors,
  { start, middle, end }: Halves,
  z: Float64Array,
  rho: number,
): { readonly kept: number[]; readonly mixed: ReadonlySet<number> } {
  const sorted = Array.from({ length: end - start }, (_, k) => start + k)
  sorted.sort((a, b) => values[a]! - values[b]!)
  let largest = 0
  for (const row of sorted) largest = Math.max(largest, Math.abs(values[row]!), Math.abs(z[row]!))
  const tolerance = 8 * Number.EPSILON * largest
  const kept: number[] = []
  const mixed = new Set<number>()
  const { data } = rows
  let before: number | undefined
  for (const row of sorted) {
    if (rho * Math.abs(z[row]!) <= tolerance) continue
    if (before !== undefined) {
      const length = Math.hypot(z[row]!, z[before]!)
      const [c, s] = [z[row]! / length, -z[before]! / length]
      const difference = values[row]! - values[before]!
      if (Math.abs(difference * c * s) <= tolerance) {
        z[row] = length
        if (before < middle !== row < middle || mixed.has(before)) mixed.add(row)
        for (let j = start; j < end; j++) {
          const [x, y] = [data[before * n + j]!, data[row * n + j]!]
          data[before * n + j] = c * x + s * y
          data[row * n + j] = c * y - s * x
        }
        const [lower, upper] = [values[before]!, values[row]!]
        values[before] = lower * c * c + upper * s * s
        values[row] = lower * s * s + upper * c * c
      } else kept.push(before)
    }
    before = row
  }
  if (before !== undefined) kept.push(before)
  return { kept, mixed }
}

/** Orders rows: first those of the left half, then those of both, then those of the right half. */
function groupRows(
  kept: readonly number[],
  mixed: ReadonlySet<number>,
  middle: number,
): { readonly order: number[]; readonly leftCount: number; readonly rightCount: number } {
  const both = kept.filter((row) => mixed.has(row))
  const left = kept.filter((row) => !mixed.has(row) && row < middle)
  const right = kept.filter((row) => !mixed.has(row) && row >= middle)
  return {
    order: [...left, ...both, ...right],
    leftCount: left.length + both.length,
    rightCount: both.length + right.length,
  }
}

/** Computes |z| up to a factor such that the roots are the exact eigenvalues of D + ρ z zᵀ (Löwner's formula). */
function correct(d: Float64Array, roots: readonly SecularRoot[]): Float64Array {
  const k = d.length
  const products = new Float64Array(k).fill(1)
  for (const [i, { origin, offset }] of roots.entries()) {
    const from = d[origin]!
    for (let j = 0; j < k; j++) {
      const distance = d[j]! - from - offset
      products[j]! *= j === i ? distance : distance / (d[j]! - d[i]!)
    }
  }
  return products.map((product) => Math.sqrt(Math.abs(product)))
}

/** Writes the eigenvector of a root, z_j / (d_j − λ), with length 1. */
function writeWeights(
  d: Float64Array,
  z: Float64Array,
  { origin, offset }: SecularRoot,
  places: Int32Array,
  weights: Float64Array,
): void {
  const from = d[origin]!
  let square = 0
  for (let j = 0; j < d.length; j++) {
    const weight = z[j]! / (d[j]! - from - offset)
    weights[places[j]!] = weight
    square += weight * weight
  }
  const scale = 1 / Math.sqrt(square)
  for (let j = 0; j < d.length; j++) weights[j]! *= scale
}

/** Copies columns of rows, row after row. */
function copyRows(
  { rows, n }: Vectors,
  chosen: readonly number[],
  start: number,
  end: number,
  matrices: Matrices,
): Numbers {
  const size = end - start
  const copy = matrices.allocate(chosen.length * size)
  const [from, to] = [rows.data, copy.data]
  for (const [k, row] of chosen.entries()) {
    to.set(from.subarray(row * n + start, row * n + end), k * size)
  }
  return copy
}

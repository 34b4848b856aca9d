import type { Numbers } from '../../gradients/numbers/number-memory.js'
import { allocateZeros, type Matrices } from '../matrices/matrices.js'
import { mergeHalves, type Vectors } from './merge-halves.js'
import type { Rest } from '../rest.js'
import { sweepUp } from './sweep.js'

export interface Tridiagonal {
  readonly diagonal: Float64Array
  /** Number i is between i and i + 1; the last one is not used. */
  readonly below: Float64Array
}

/**
 * Computes the eigenvalues and eigenvectors of a symmetric tridiagonal matrix [n, n] by divide and conquer.
 *
 * @returns an eigenvector in each row, and its eigenvalue, in any order
 */
export async function decomposeTridiagonal(
  { diagonal, below }: Tridiagonal,
  n: number,
  matrices: Matrices,
  rest: Rest,
): Promise<{ readonly values: Float64Array; readonly rows: Numbers }> {
  const rows = allocateZeros(matrices, n * n)
  let scale = 0
  for (let k = 0; k < n; k++) {
    scale = Math.max(scale, Math.abs(diagonal[k]!), k < n - 1 ? Math.abs(below[k]!) : 0)
  }
  // Squares of the numbers neither overflow nor underflow.
  const divisor = scale === 0 ? 1 : scale
  const values = diagonal.map((value) => value / divisor)
  const vectors = { rows, n, values }
  await decompose(
    vectors,
    below.map((value) => value / divisor),
    0,
    n,
    matrices,
    rest,
  )
  return { rows, values: values.map((value) => value * divisor) }
}

/** Matrices up to this size are decomposed by QL sweeps. */
const mostRows = 32

async function decompose(
  vectors: Vectors,
  below: Float64Array,
  start: number,
  end: number,
  matrices: Matrices,
  rest: Rest,
): Promise<void> {
  if (end - start <= mostRows) {
    decomposeSmall(vectors, below, start, end)
    await rest()
    return
  }
  const middle = (start + end) >> 1
  const beta = below[middle - 1]!
  vectors.values[middle - 1]! -= Math.abs(beta)
  vectors.values[middle]! -= Math.abs(beta)
  await decompose(vectors, below, start, middle, matrices, rest)
  await decompose(vectors, below, middle, end, matrices, rest)
  await mergeHalves(vectors, { start, middle, end }, beta, matrices, rest)
}

/** QL sweeps until the numbers next to the diagonal vanish. */
function decomposeSmall(
  { rows, n, values }: Vectors,
  below: Float64Array,
  start: number,
  end: number,
): void {
  const size = end - start
  const d = values.subarray(start, end)
  const e = below.slice(start, end)
  e[size - 1] = 0
  const { data } = rows
  for (let k = start; k < end; k++) data[k * n + k] = 1
  const turn = (first: number, c: number, s: number): void => {
    const [upper, lower] = [(start + first) * n, (start + first + 1) * n]
    for (let j = start; j < end; j++) {
      const [x, y] = [data[upper + j]!, data[lower + j]!]
      data[lower + j] = s * x + c * y
      data[upper + j] = c * x - s * y
    }
  }
  for (let l = 0; l < size; l++) {
    for (let sweep = 0; ; sweep++) {
      const m = findSplit(d, e, l)
      if (m === l) break
      if (sweep === mostSweeps) throw new Error('the eigenvalues of a curvature did not converge')
      sweepUp(d, e, l, m, turn)
    }
  }
}

/** Two sweeps are needed for an eigenvalue on average. */
const mostSweeps = 60

/** Finds the first k from l on where the matrix falls apart: next to the diagonal is nothing, up to rounding. */
function findSplit(d: Float64Array, e: Float64Array, l: number): number {
  let m = l
  while (m < d.length - 1) {
    if (Math.abs(e[m]!) <= Number.EPSILON * (Math.abs(d[m]!) + Math.abs(d[m + 1]!))) break
    m++
  }
  return m
}

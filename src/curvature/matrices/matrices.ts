import type { ConvolutionGeometry } from '../../gradients/block.js'
import type { Numbers } from '../../gradients/numbers/number-memory.js'

/** A matrix within numbers: element [i, l] is at offset + i · rowStep + l · columnStep. */
export interface MatrixView {
  readonly numbers: Numbers
  readonly offset: number
  readonly rowStep: number
  readonly columnStep: number
}

/** Memory for matrices in float64, and the arithmetic on them. */
export interface Matrices {
  allocate(count: number): Numbers
  /** Frees all numbers that are not reserved. */
  clear(): void
  /** Reserves all numbers, so that `clear` leaves them. */
  reserve(): void
  /** Frees numbers, and all that were allocated after them. */
  freeFrom(numbers: Numbers): void
  /** Writes vectors [count, size], each at the start of a row of `rowSize` numbers. */
  writeRows(vectors: Float32Array, size: number, to: Numbers, rowSize: number): void
  /**
   * Writes the patches of images, [exampleCount, OH · OW, kh · kw · C], with rows of `rowSize` numbers. Numbers on the
   * padding and after each patch stay as they are.
   */
  writePatches(
    images: Float32Array,
    geometry: ConvolutionGeometry,
    exampleCount: number,
    to: Numbers,
    rowSize: number,
  ): void
  /**
   * C += A B: A is [m, inner], B [inner, n] and C [m, n]; the columns of B and C are next to each other. With `isLower`, at
   * least the lower triangle of C.
   */
  multiplyAdd(
    a: MatrixView,
    b: MatrixView,
    sizes: readonly [number, number, number],
    c: MatrixView,
    isLower?: boolean,
  ): void
  /** p = A v of the leading [size, size] numbers of a symmetric matrix [n, n], from its lower triangle. */
  multiplyLower(a: Numbers, n: number, size: number, v: MatrixView, p: Numbers): void
  /** A −= v pᵀ + p vᵀ in the lower triangle of the leading [size, size] numbers of a matrix [n, n]. */
  subtractRankTwo(a: Numbers, n: number, size: number, v: MatrixView, p: Numbers): void
}

/** Views numbers as a row-major matrix. */
export const viewRows = (numbers: Numbers, columns: number, offset = 0): MatrixView => ({
  numbers,
  offset,
  rowStep: columns,
  columnStep: 1,
})

/** Views numbers as the transpose of a row-major matrix. */
export const viewColumns = (numbers: Numbers, columns: number, offset = 0): MatrixView => ({
  numbers,
  offset,
  rowStep: 1,
  columnStep: columns,
})

/** Copies numbers into a workspace. */
export function place(matrices: Matrices, given: ArrayLike<number>): Numbers {
  const placed = matrices.allocate(given.length)
  if (given instanceof Float32Array) matrices.writeRows(given, given.length, placed, given.length)
  else placed.data.set(given)
  return placed
}

/** Copies the transpose of a matrix [n, n] into a workspace. */
export function placeTransposed(matrices: Matrices, given: ArrayLike<number>, n: number): Numbers {
  const placed = matrices.allocate(n * n)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) placed.data[j * n + i] = given[i * n + j]!
  }
  return placed
}

/** Allocates zeros. */
export function allocateZeros(matrices: Matrices, count: number): Numbers {
  const numbers = matrices.allocate(count)
  numbers.data.fill(0)
  return numbers
}

import type { Numbers } from '../gradients/numbers/number-memory.js'
import type { CurvatureBlock } from './curvature-block.js'
import {
  type Matrices,
  type MatrixView,
  place,
  viewColumns,
  viewRows,
} from './matrices/matrices.js'
import { multiplyInParts } from './matrices/multiply-in-parts.js'
import type { Rest } from './rest.js'

/**
 * The basis Q [rows, r] of a layer's inputs in a workspace. It turns X [rows, n] into Qᵀ X. If it has only some of the
 * directions, what they leave of X follows: X − Q (Qᵀ X). Q is rounded to float32, so that this is subtracted twice: then
 * only squares of rounding errors are left of X in the directions of Q, where a small damping magnifies them.
 */
export class InputBasis {
  /** The rows of a matrix in this basis: r, or r + rows. */
  readonly height: number
  readonly #rows: number
  readonly #rank: number
  readonly #basis: Numbers
  /** Room for −Qᵀ X, where directions are left out. */
  readonly #projected: Numbers | undefined
  readonly #matrices: Matrices
  readonly #rest: Rest

  /**
   * @param matrices a workspace, where the basis is placed
   * @param rest called regularly so that the page can respond
   */
  constructor(
    basis: Float32Array,
    { rows, columns, inputRank }: Pick<CurvatureBlock, 'rows' | 'columns' | 'inputRank'>,
    matrices: Matrices,
    rest: Rest,
  ) {
    this.#rows = rows
    this.#rank = inputRank ?? rows
    this.height = inputRank === undefined ? rows : inputRank + rows
    this.#basis = place(matrices, basis)
    this.#projected = inputRank === undefined ? undefined : matrices.allocate(inputRank * columns)
    this.#matrices = matrices
    this.#rest = rest
  }

  /** Writes a matrix X [rows, columns] in this basis, [height, columns]. */
  async rotate(x: Numbers, columns: number, into: Numbers): Promise<void> {
    into.data.fill(0)
    const transposed = viewColumns(this.#basis, this.#rank)
    const sizes = [this.#rank, this.#rows, columns] as const
    await this.#multiply(transposed, viewRows(x, columns), sizes, viewRows(into, columns))
    if (this.#projected === undefined) return
    const head = this.#rank * columns
    into.data.set(x.data.subarray(0, this.#rows * columns), head)
    await this.#subtractTwice(into, head, columns, this.#projected)
  }

  /** Writes vectors [count, rows], each of them in this basis, [count, height]. */
  async rotateVectors(vectors: Numbers, count: number, into: Numbers): Promise<void> {
    const [rows, rank, height] = [this.#rows, this.#rank, this.height]
    into.data.fill(0)
    const sizes = [count, rows, rank] as const
    const right = viewRows(this.#basis, rank)
    await this.#multiply(viewRows(vectors, rows), right, sizes, viewRows(into, height))
    if (this.#projected === undefined) return
    for (let t = 0; t < count; t++) {
      const first = t * height + rank
      into.data.set(vectors.data.subarray(t * rows, (t + 1) * rows), first)
      await this.#subtractTwice(into, first, 1, this.#projected)
    }
  }

  /** Writes X [rows, columns] of a matrix [height, columns] in this basis. */
  async rotateBack(rotated: Numbers, columns: number, into: Numbers): Promise<void> {
    const head = this.#rank * columns
    if (this.#projected) into.data.set(rotated.data.subarray(head, head + this.#rows * columns))
    else into.data.fill(0)
    await this.#addDirections(rotated, columns, viewRows(into, columns))
  }

  /** Replaces X [rows, columns] at an offset by (1 − Q Qᵀ)² X. */
  async #subtractTwice(
    numbers: Numbers,
    offset: number,
    columns: number,
    projected: Numbers,
  ): Promise<void> {
    const [rows, rank] = [this.#rows, this.#rank]
    for (let pass = 0; pass < 2; pass++) {
      projected.data.fill(0, 0, rank * columns)
      const x = viewRows(numbers, columns, offset)
      // The kernel is faster with the rows of Q than with its columns, and one column of X is also a row.
      await (columns === 1
        ? this.#multiply(
            viewRows(numbers, rows, offset),
            viewRows(this.#basis, rank),
            [1, rows, rank],
            viewRows(projected, rank),
          )
        : this.#multiply(
            viewColumns(this.#basis, rank),
            x,
            [rank, rows, columns],
            viewRows(projected, columns),
          ))
      for (let k = 0; k < rank * columns; k++) projected.data[k]! *= -1
      await this.#addDirections(projected, columns, x)
    }
  }

  /** Adds Q R, where R are the first r rows of a matrix. */
  #addDirections(r: Numbers, columns: number, into: MatrixView): Promise<void> {
    const sizes = [this.#rows, this.#rank, columns] as const
    return this.#multiply(viewRows(this.#basis, this.#rank), viewRows(r, columns), sizes, into)
  }

  #multiply(
    a: MatrixView,
    b: MatrixView,
    sizes: readonly [number, number, number],
    into: MatrixView,
  ): Promise<void> {
    return multiplyInParts(this.#matrices, a, b, sizes, into, this.#rest)
  }
}

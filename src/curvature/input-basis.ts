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
 * directions, what they leave of X follows: X − Q (Qᵀ X).
 */
export class InputBasis {
  /** The rows of a matrix in this basis: r, or r + rows. */
  readonly height: number
  readonly #rows: number
  readonly #rank: number
  readonly #basis: Numbers
  readonly #matrices: Matrices
  readonly #rest: Rest

  /**
   * @param matrices a workspace, where the basis is placed
   * @param rest called regularly so that the page can respond
   */
  constructor(
    basis: Float32Array,
    { rows, inputRank }: Pick<CurvatureBlock, 'rows' | 'inputRank'>,
    matrices: Matrices,
    rest: Rest,
  ) {
    this.#rows = rows
    this.#rank = inputRank ?? rows
    this.height = inputRank === undefined ? rows : inputRank + rows
    this.#basis = place(matrices, basis)
    this.#matrices = matrices
    this.#rest = rest
  }

  /** Writes a matrix X [rows, columns] in this basis, [height, columns]. */
  async rotate(x: Numbers, columns: number, into: Numbers): Promise<void> {
    into.data.fill(0)
    const transposed = viewColumns(this.#basis, this.#rank)
    const sizes = [this.#rank, this.#rows, columns] as const
    await this.#multiply(transposed, viewRows(x, columns), sizes, viewRows(into, columns))
    if (!this.#isPartial) return
    const head = this.#rank * columns
    const size = this.#rows * columns
    for (let k = 0; k < size; k++) into.data[head + k] = -x.data[k]!
    await this.#addHead(into, columns, viewRows(into, columns, head))
    const { data } = into
    for (let k = head; k < head + size; k++) data[k] = -data[k]!
  }

  /** Writes vectors [count, rows], each of them in this basis, [count, height]. */
  async rotateVectors(vectors: Numbers, count: number, into: Numbers): Promise<void> {
    const [rows, rank, height] = [this.#rows, this.#rank, this.height]
    into.data.fill(0)
    const sizes = [count, rows, rank] as const
    const right = viewRows(this.#basis, rank)
    await this.#multiply(viewRows(vectors, rows), right, sizes, viewRows(into, height))
    if (!this.#isPartial) return
    for (let t = 0; t < count; t++) {
      const first = t * height + rank
      for (let k = 0; k < rows; k++) into.data[first + k] = -vectors.data[t * rows + k]!
      const head = viewRows(into, 1, t * height)
      const product = [rows, rank, 1] as const
      await this.#multiply(viewRows(this.#basis, rank), head, product, viewRows(into, 1, first))
      const { data } = into
      for (let k = first; k < first + rows; k++) data[k] = -data[k]!
    }
  }

  /** Writes X [rows, columns] of a matrix [height, columns] in this basis. */
  async rotateBack(rotated: Numbers, columns: number, into: Numbers): Promise<void> {
    const head = this.#rank * columns
    if (this.#isPartial) into.data.set(rotated.data.subarray(head, head + this.#rows * columns))
    else into.data.fill(0)
    await this.#addHead(rotated, columns, viewRows(into, columns))
  }

  get #isPartial(): boolean {
    return this.height > this.#rows
  }

  /** Adds Q R, where R are the first r rows of a matrix. */
  #addHead(rotated: Numbers, columns: number, into: MatrixView): Promise<void> {
    const sizes = [this.#rows, this.#rank, columns] as const
    return this.#multiply(
      viewRows(this.#basis, this.#rank),
      viewRows(rotated, columns),
      sizes,
      into,
    )
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

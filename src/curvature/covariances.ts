import { UnsupportedError } from '../errors.js'
import type { GradientSegment } from '../gradients/block.js'
import type { BlockShape } from './curvature-block.js'
import type { Numbers } from '../gradients/numbers/number-memory.js'
import { allocateZeros, type Matrices, place, viewColumns, viewRows } from './matrices/matrices.js'
import { readVectors } from './read-vectors.js'

/**
 * The covariances of a block. A is the mean of a aᵀ over examples and positions, S the mean over examples of
 * Σ_t δ_t δ_tᵀ: K-FAC (Martens and Grosse, 2015; for convolutions, Grosse and Martens, 2016). Where weights are shared by
 * positions, this is K-FAC-expand (Eschenhagen et al., 2023).
 */
export class Covariances {
  readonly #block: BlockShape
  /** The lower triangle of [rows, rows]; of a lookup the diagonal. */
  readonly #inputs: Float64Array
  /** The lower triangle of [columns, columns]. */
  readonly #outputs: Float64Array
  #exampleCount = 0
  #positionCount = 0

  constructor(block: BlockShape) {
    const { rule, rows, columns } = block
    this.#block = block
    this.#inputs = new Float64Array(rule === 'kronecker' ? rows ** 2 : rows)
    this.#outputs = new Float64Array(columns ** 2)
  }

  /** Returns the lower triangle of A, or the diagonal of a lookup's. */
  inputs(): Float64Array {
    return this.#inputs.map((sum) => sum / this.#positionCount)
  }

  /** Returns the lower triangle of S. */
  outputs(): Float64Array {
    return this.#outputs.map((sum) => sum / this.#exampleCount)
  }

  /**
   * Adds examples.
   *
   * @param matrices a workspace, whose numbers are freed
   * @throws UnsupportedError for other layouts than those of the plan
   */
  add(segments: readonly GradientSegment[], exampleCount: number, matrices: Matrices): void {
    const [segment, ...others] = segments
    const { rule, rows, columns } = this.#block
    this.#exampleCount += exampleCount
    matrices.clear()
    if (segment === undefined || others.length > 0) throw createLayoutError(this.#block)
    if (rule === 'kronecker' && (segment.kind === 'factored' || segment.kind === 'convolution')) {
      const sums = {
        inputs: allocateZeros(matrices, rows ** 2),
        outputs: allocateZeros(matrices, columns ** 2),
      }
      for (const part of readVectors(segment, this.#block, exampleCount, matrices)) {
        const count = part.exampleCount * part.positions
        this.#positionCount += count
        addSquares(matrices, part.inputs, count, rows, sums.inputs)
        addSquares(matrices, part.outputs, count, columns, sums.outputs)
      }
      addTo(this.#inputs, sums.inputs.data)
      addTo(this.#outputs, sums.outputs.data)
    } else if (rule === 'lookup' && segment.kind === 'lookup') {
      this.#positionCount += segment.indices.length
      for (const index of segment.indices) this.#inputs[index]!++
      this.#addOutputs(segment.delta, matrices)
    } else if (rule === 'exact' && segment.kind === 'dense') {
      this.#positionCount += exampleCount
      this.#inputs[0]! += exampleCount
      this.#addOutputs(segment.values, matrices)
    } else throw createLayoutError(this.#block)
  }

  #addOutputs(vectors: Float32Array, matrices: Matrices): void {
    const { columns } = this.#block
    const sums = allocateZeros(matrices, columns ** 2)
    const count = vectors.length / columns
    addSquares(matrices, place(matrices, vectors), count, columns, sums)
    addTo(this.#outputs, sums.data)
  }
}

/** Adds Σ x xᵀ of vectors [count, size] to the lower triangle of a sum [size, size]. */
function addSquares(
  matrices: Matrices,
  vectors: Numbers,
  count: number,
  size: number,
  sum: Numbers,
): void {
  const [left, right] = [viewColumns(vectors, size), viewRows(vectors, size)]
  matrices.multiplyAdd(left, right, [size, count, size], viewRows(sum, size), true)
}

/** Adds numbers to sums. */
export function addTo(sums: Float64Array, numbers: Float64Array): void {
  for (let k = 0; k < sums.length; k++) sums[k]! += numbers[k]!
}

/** Creates the error of a session that returns other layouts than before. */
export const createLayoutError = ({ parameter, rule }: BlockShape): UnsupportedError =>
  new UnsupportedError(
    parameter,
    `the gradients of '${parameter}' have other layouts in this batch than in the first one, for which curvature ` +
      `'${rule}' was planned. Use curvature: 'diagonal', or leave the parameter out with { parameters }.`,
  )

import { UnsupportedError } from '../errors.js'
import type { ConvolutionSegment, FactoredSegment, GradientSegment } from '../gradients/block.js'
import {
  addContracted,
  type ContractedGradients,
  type MeasuredGradients,
  prefersMatrix,
} from './contracted-gradients.js'
import type { BlockShape } from './curvature-block.js'
import type { Numbers } from '../gradients/numbers/number-memory.js'
import { allocateZeros, type Matrices, place, viewColumns, viewRows } from './matrices/matrices.js'
import { type LayerVectors, readVectors } from './read-vectors.js'

/**
 * The covariances of a block. A is the mean of a aᵀ over examples and positions, S the mean over examples of
 * Σ_t δ_t δ_tᵀ: K-FAC (Martens and Grosse, 2015; for convolutions, Grosse and Martens, 2016). Where weights are shared by
 * positions, this is K-FAC-expand (Eschenhagen et al., 2023).
 */
export class Covariances {
  readonly #block: BlockShape
  readonly #matrices: Matrices
  /** The lower triangle of [rows, rows]; of a lookup the diagonal. */
  readonly #inputs: Numbers
  /** The lower triangle of [columns, columns]. */
  readonly #outputs: Numbers
  #exampleCount = 0
  #positionCount = 0

  /** @param matrices a workspace, where the sums are reserved */
  constructor(block: BlockShape, matrices: Matrices) {
    const { rule, rows, columns } = block
    this.#block = block
    this.#matrices = matrices
    matrices.clear()
    this.#inputs = allocateZeros(matrices, rule === 'kronecker' ? rows ** 2 : rows)
    this.#outputs = allocateZeros(matrices, columns ** 2)
    matrices.reserve()
  }

  /** Returns the lower triangle of A, or the diagonal of a lookup's. */
  inputs(): Float64Array {
    return this.#inputs.data.map((sum) => sum / this.#positionCount)
  }

  /** Returns the lower triangle of S. */
  outputs(): Float64Array {
    return this.#outputs.data.map((sum) => sum / this.#exampleCount)
  }

  /**
   * Adds examples.
   *
   * @param contracts whether matrices of the examples are wanted where they suit better than vectors
   * @returns the gradients as eigenvalues are measured from them
   * @throws UnsupportedError for other layouts than those of the plan
   */
  add(
    segments: readonly GradientSegment[],
    exampleCount: number,
    contracts: boolean,
  ): MeasuredGradients {
    const matrices = this.#matrices
    const [segment, ...others] = segments
    const { rule } = this.#block
    this.#exampleCount += exampleCount
    matrices.clear()
    if (segment === undefined || others.length > 0) throw createLayoutError(this.#block)
    if (rule === 'kronecker' && (segment.kind === 'factored' || segment.kind === 'convolution')) {
      return contracts && prefersMatrix(this.#block, segment)
        ? this.#addContracting(segment, exampleCount)
        : this.#addVectors(segment, exampleCount)
    }
    if (rule === 'lookup' && segment.kind === 'lookup') {
      this.#positionCount += segment.indices.length
      for (const index of segment.indices) this.#inputs.data[index]!++
      this.#addOutputs(segment.delta)
    } else if (rule === 'exact' && segment.kind === 'dense') {
      this.#positionCount += exampleCount
      this.#inputs.data[0]! += exampleCount
      this.#addOutputs(segment.values)
    } else throw createLayoutError(this.#block)
    return segments
  }

  #addVectors(segment: VectorSegment, exampleCount: number): readonly GradientSegment[] {
    for (const part of readVectors(segment, this.#block, exampleCount, this.#matrices)) {
      this.#addPart(part)
    }
    return [segment]
  }

  #addContracting(segment: VectorSegment, exampleCount: number): ContractedGradients {
    const matrices = this.#matrices
    const { rows, columns } = this.#block
    const size = rows * columns
    const values = new Float32Array(exampleCount * size)
    const product = matrices.allocate(size)
    let at = 0
    for (const part of readVectors(segment, this.#block, exampleCount, matrices)) {
      this.#addPart(part)
      for (let example = 0; example < part.exampleCount; example++, at += size) {
        const { data } = product
        data.fill(0)
        addContracted(part, example, this.#block, product, matrices)
        values.set(data, at)
      }
    }
    return { kind: 'contracted', values }
  }

  #addPart({ exampleCount, positions, inputs, outputs }: LayerVectors): void {
    const { rows, columns } = this.#block
    const count = exampleCount * positions
    this.#positionCount += count
    addSquares(this.#matrices, inputs, count, rows, this.#inputs)
    addSquares(this.#matrices, outputs, count, columns, this.#outputs)
  }

  #addOutputs(vectors: Float32Array): void {
    const { columns } = this.#block
    const placed = place(this.#matrices, vectors)
    addSquares(this.#matrices, placed, vectors.length / columns, columns, this.#outputs)
  }
}

type VectorSegment = FactoredSegment | ConvolutionSegment

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

/** Creates the error of a session that returns other layouts than before. */
export const createLayoutError = ({ parameter, rule }: BlockShape): UnsupportedError =>
  new UnsupportedError(
    parameter,
    `the gradients of '${parameter}' have other layouts in this batch than in the first one, for which curvature ` +
      `'${rule}' was planned. Use curvature: 'diagonal', or leave the parameter out with { parameters }.`,
  )

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
import type { Rest } from './rest.js'
import { multiplyInParts } from './matrices/multiply-in-parts.js'
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

  /** The number of vectors whose squares A is the mean of. Its rank is not higher. */
  get inputCount(): number {
    return this.#positionCount
  }

  /** Returns the lower triangle of A, or the diagonal of a lookup's. */
  inputs(): Float64Array {
    return divide(this.#inputs.data, this.#positionCount)
  }

  /** Returns the lower triangle of S. */
  outputs(): Float64Array {
    return divide(this.#outputs.data, this.#exampleCount)
  }

  /**
   * Adds examples.
   *
   * @param rest called regularly so that the page can respond
   * @param contracts whether matrices of the examples are wanted where they suit better than vectors
   * @returns the gradients as eigenvalues are measured from them
   * @throws UnsupportedError for other layouts than those of the plan
   */
  async add(
    segments: readonly GradientSegment[],
    exampleCount: number,
    contracts: boolean,
    rest: Rest,
  ): Promise<MeasuredGradients> {
    const matrices = this.#matrices
    const [segment, ...others] = segments
    const { rule } = this.#block
    this.#exampleCount += exampleCount
    matrices.clear()
    if (segment === undefined || others.length > 0) throw createLayoutError(this.#block)
    if (rule === 'kronecker' && (segment.kind === 'factored' || segment.kind === 'convolution')) {
      return contracts && prefersMatrix(this.#block, segment)
        ? this.#addContracting(segment, exampleCount, rest)
        : this.#addVectors(segment, exampleCount, rest)
    }
    if (rule === 'lookup' && segment.kind === 'lookup') {
      this.#positionCount += segment.indices.length
      for (const index of segment.indices) this.#inputs.data[index]!++
      await this.#addOutputs(segment.delta, rest)
    } else if (rule === 'exact' && segment.kind === 'dense') {
      this.#positionCount += exampleCount
      this.#inputs.data[0]! += exampleCount
      await this.#addOutputs(segment.values, rest)
    } else throw createLayoutError(this.#block)
    return segments
  }

  async #addVectors(
    segment: VectorSegment,
    exampleCount: number,
    rest: Rest,
  ): Promise<readonly GradientSegment[]> {
    for (const part of readVectors(segment, this.#block, exampleCount, this.#matrices)) {
      await this.#addPart(part, rest)
    }
    return [segment]
  }

  async #addContracting(
    segment: VectorSegment,
    exampleCount: number,
    rest: Rest,
  ): Promise<ContractedGradients> {
    const matrices = this.#matrices
    const { rows, columns } = this.#block
    const size = rows * columns
    const values = new Float32Array(exampleCount * size)
    const product = matrices.allocate(size)
    let at = 0
    for (const part of readVectors(segment, this.#block, exampleCount, matrices)) {
      await this.#addPart(part, rest)
      for (let example = 0; example < part.exampleCount; example++, at += size) {
        const { data } = product
        data.fill(0)
        addContracted(part, example, this.#block, product, matrices)
        values.set(data, at)
      }
    }
    return { kind: 'contracted', values }
  }

  async #addPart(
    { exampleCount, positions, inputs, outputs }: LayerVectors,
    rest: Rest,
  ): Promise<void> {
    const { rows, columns } = this.#block
    const count = exampleCount * positions
    this.#positionCount += count
    await addSquares(this.#matrices, inputs, count, rows, this.#inputs, rest)
    await addSquares(this.#matrices, outputs, count, columns, this.#outputs, rest)
  }

  async #addOutputs(vectors: Float32Array, rest: Rest): Promise<void> {
    const { columns } = this.#block
    const placed = place(this.#matrices, vectors)
    const count = vectors.length / columns
    await addSquares(this.#matrices, placed, count, columns, this.#outputs, rest)
  }
}

/** A loop, which takes a fraction of the time of `map`. */
function divide(sums: Float64Array, count: number): Float64Array {
  const means = new Float64Array(sums.length)
  for (let k = 0; k < means.length; k++) means[k] = sums[k]! / count
  return means
}

type VectorSegment = FactoredSegment | ConvolutionSegment

/** Adds Σ x xᵀ of vectors [count, size] to the lower triangle of a sum [size, size]. */
async function addSquares(
  matrices: Matrices,
  vectors: Numbers,
  count: number,
  size: number,
  sum: Numbers,
  rest: Rest,
): Promise<void> {
  const [left, right] = [viewColumns(vectors, size), viewRows(vectors, size)]
  const sizes = [size, count, size] as const
  await multiplyInParts(matrices, left, right, sizes, viewRows(sum, size), rest, true)
}

/** Creates the error of a session that returns other layouts than before. */
export const createLayoutError = ({ parameter, rule }: BlockShape): UnsupportedError =>
  new UnsupportedError(
    parameter,
    `the gradients of '${parameter}' have other layouts in this batch than in the first one, for which curvature ` +
      `'${rule}' was planned. Use curvature: 'diagonal', or leave the parameter out with { parameters }.`,
  )

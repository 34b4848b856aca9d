import type {
  ConvolutionSegment,
  FactoredSegment,
  GradientSegment,
  LookupSegment,
} from '../gradients/block.js'
import { compactBlock } from '../gradients/compact-block.js'
import { createGradientReader } from '../gradients/dense-gradient.js'
import {
  addContracted,
  type ContractedGradients,
  isContracted,
  type MeasuredGradients,
  prefersMatrix,
} from './contracted-gradients.js'
import { createLayoutError } from './covariances.js'
import { type BlockShape, countEigenvalueRows } from './curvature-block.js'
import type { Numbers } from '../gradients/numbers/number-memory.js'
import { allocateZeros, type Matrices, place, viewColumns, viewRows } from './matrices/matrices.js'
import type { Rest } from './rest.js'
import { multiplyInParts } from './matrices/multiply-in-parts.js'
import { readVectors } from './read-vectors.js'
import { sumLookups } from './sum-lookups.js'

/** The bases in which a block's gradients are measured; the identity if left out. */
export interface Bases {
  readonly inputBasis: Float32Array | undefined
  readonly outputBasis: Float32Array | undefined
}

/** Rotates vectors [count, size] by a basis [size, rank]; returns them as they are without one. */
type Rotate = (vectors: Numbers, count: number) => Promise<Numbers>

/**
 * The eigenvalues of a block, Λ_ij = E[(Q_Aᵀ G Q_S)_ij²] over examples (George et al., 2018). Without bases they are the
 * diagonal of the curvature. Input directions that are left out have none.
 */
export class Eigenvalues {
  readonly #block: BlockShape
  readonly #bases: Bases
  readonly #matrices: Matrices
  /** The input eigenvectors. */
  readonly #rank: number
  /** [rank, columns] */
  readonly #sums: Numbers
  #exampleCount = 0

  /** @param matrices a workspace, where the sums are reserved */
  constructor(block: BlockShape, bases: Bases, matrices: Matrices) {
    this.#block = block
    this.#bases = bases
    this.#matrices = matrices
    this.#rank = block.inputRank ?? block.rows
    matrices.clear()
    this.#sums = allocateZeros(matrices, this.#rank * block.columns)
    matrices.reserve()
  }

  /** Returns Λ [rows, columns], or [inputRank + 1, columns]. */
  values(): Float32Array {
    const { data } = this.#sums
    const values = new Float32Array(countEigenvalueRows(this.#block) * this.#block.columns)
    for (let k = 0; k < data.length; k++) values[k] = data[k]! / this.#exampleCount
    return values
  }

  /**
   * Adds examples.
   *
   * @param rest called regularly so that the page can respond
   * @throws UnsupportedError for other layouts than those of the plan
   */
  async add(gradients: MeasuredGradients, exampleCount: number, rest: Rest): Promise<void> {
    this.#exampleCount += exampleCount
    const matrices = this.#matrices
    matrices.clear()
    if (isContracted(gradients)) {
      await this.#addContracted(gradients, rest)
      return
    }
    const { rule, rows, columns } = this.#block
    const [segment, ...others] = gradients
    if (segment === undefined) throw createLayoutError(this.#block)
    if (rule === 'diagonal' && (rows === 1 || others.length > 0)) {
      this.#addSummed(gradients, exampleCount)
    } else if (others.length > 0) throw createLayoutError(this.#block)
    else if (segment.kind === 'lookup') await this.#addLookups(segment, exampleCount, rest)
    else if (segment.kind === 'dense') {
      if (rows !== 1) throw createLayoutError(this.#block)
      const { outputBasis } = this.#bases
      const rotate = createRotation(matrices, outputBasis, [columns, columns], exampleCount, rest)
      const { data } = await rotate(place(matrices, segment.values), exampleCount)
      const sums = this.#sums.data
      for (let k = 0; k < exampleCount * columns; k++) sums[k % columns]! += data[k]! ** 2
    } else if (prefersMatrix(this.#block, segment)) {
      await this.#addContracting(segment, exampleCount, rest)
    } else await this.#addVectors(segment, exampleCount, rest)
  }

  async #addContracted({ values }: ContractedGradients, rest: Rest): Promise<void> {
    const matrices = this.#matrices
    const { rows, columns } = this.#block
    const size = rows * columns
    const gradient = matrices.allocate(size)
    const addMatrix = this.#createMatrixSum(rest)
    for (let at = 0; at < values.length; at += size) {
      matrices.writeRows(values.subarray(at, at + size), size, gradient, size)
      await addMatrix(gradient)
      await rest()
    }
  }

  async #addContracting(segment: VectorSegment, exampleCount: number, rest: Rest): Promise<void> {
    const matrices = this.#matrices
    const gradient = matrices.allocate(this.#block.rows * this.#block.columns)
    const addMatrix = this.#createMatrixSum(rest)
    for (const part of readVectors(segment, this.#block, exampleCount, matrices)) {
      for (let example = 0; example < part.exampleCount; example++) {
        gradient.data.fill(0)
        addContracted(part, example, this.#block, gradient, matrices)
        await addMatrix(gradient)
      }
      await rest()
    }
  }

  /** Creates a function that adds (Q_Aᵀ G Q_S)² of an example. */
  #createMatrixSum(rest: Rest): (gradient: Numbers) => Promise<void> {
    const matrices = this.#matrices
    const { rows, columns } = this.#block
    const { inputBasis, outputBasis } = this.#bases
    const rank = this.#rank
    const input = inputBasis && viewColumns(place(matrices, inputBasis), rank)
    const output = outputBasis && viewRows(place(matrices, outputBasis), columns)
    const between = output && matrices.allocate(rows * columns)
    const rotated = input && matrices.allocate(rank * columns)
    return async (gradient) => {
      let numbers = gradient
      if (output !== undefined && between !== undefined) {
        between.data.fill(0)
        const sizes = [rows, columns, columns] as const
        const into = viewRows(between, columns)
        await multiplyInParts(matrices, viewRows(numbers, columns), output, sizes, into, rest)
        numbers = between
      }
      if (input !== undefined && rotated !== undefined) {
        rotated.data.fill(0)
        const sizes = [rank, rows, columns] as const
        const into = viewRows(rotated, columns)
        await multiplyInParts(matrices, input, viewRows(numbers, columns), sizes, into, rest)
        numbers = rotated
      }
      const [{ data }, sums] = [numbers, this.#sums.data]
      for (let k = 0; k < sums.length; k++) sums[k]! += data[k]! ** 2
    }
  }

  async #addVectors(segment: VectorSegment, exampleCount: number, rest: Rest): Promise<void> {
    const matrices = this.#matrices
    const { rows, columns } = this.#block
    const rank = this.#rank
    const { inputBasis, outputBasis } = this.#bases
    let product: Numbers | undefined
    let rotateInputs: Rotate | undefined
    let rotateOutputs: Rotate | undefined
    for (const part of readVectors(segment, this.#block, exampleCount, matrices)) {
      const { positions } = part
      const count = part.exampleCount * positions
      rotateInputs ??= createRotation(matrices, inputBasis, [rows, rank], count, rest)
      rotateOutputs ??= createRotation(matrices, outputBasis, [columns, columns], count, rest)
      const inputs = await rotateInputs(part.inputs, count)
      const outputs = await rotateOutputs(part.outputs, count)
      await rest()
      if (positions === 1) {
        // (aᵢ δⱼ)² = aᵢ² δⱼ²: all examples are summed in one product.
        square(inputs.data, count * rank)
        square(outputs.data, count * columns)
        const left = viewColumns(inputs, rank)
        const right = viewRows(outputs, columns)
        const into = viewRows(this.#sums, columns)
        await multiplyInParts(matrices, left, right, [rank, count, columns], into, rest)
        continue
      }
      product ??= allocateZeros(matrices, rank * columns)
      const sums = this.#sums.data
      const vectors = { ...part, inputs, outputs }
      for (let example = 0; example < part.exampleCount; example++) {
        addContracted(vectors, example, { rows: rank, columns }, product, matrices)
        const { data } = product
        for (let k = 0; k < data.length; k++) {
          sums[k]! += data[k]! ** 2
          data[k] = 0
        }
      }
    }
  }

  async #addLookups(segment: LookupSegment, exampleCount: number, rest: Rest): Promise<void> {
    const matrices = this.#matrices
    const { columns } = this.#block
    const { outputBasis } = this.#bases
    const rotate = createRotation(
      matrices,
      outputBasis,
      [columns, columns],
      segment.positions,
      rest,
    )
    const vectors = matrices.allocate(segment.positions * columns)
    const totals = this.#sums.data
    for (let example = 0; example < exampleCount; example++) {
      const { indices, sums } = sumLookups(segment, example)
      vectors.data.set(sums)
      const { data } = await rotate(vectors, indices.length)
      for (const [t, index] of indices.entries()) {
        for (let k = 0; k < columns; k++) {
          totals[index * columns + k]! += data[t * columns + k]! ** 2
        }
      }
    }
  }

  /** Adds the squares of gradients that are the sum of several segments. */
  #addSummed(segments: readonly GradientSegment[], exampleCount: number): void {
    const { columns } = this.#block
    const compact = compactBlock({ exampleCount, segments })
    const readers = compact.segments.map(createGradientReader)
    const sums = this.#sums.data
    const gradient = new Float64Array(columns)
    for (let example = 0; example < exampleCount; example++) {
      gradient.fill(0)
      for (const read of readers) {
        const { data, offset } = read(example)
        for (let k = 0; k < columns; k++) gradient[k]! += data[offset + k]!
      }
      for (let k = 0; k < columns; k++) sums[k]! += gradient[k]! ** 2
    }
  }
}

type VectorSegment = FactoredSegment | ConvolutionSegment

/**
 * @param shape of the basis
 * @param most the most vectors at once
 */
function createRotation(
  matrices: Matrices,
  basis: Float32Array | undefined,
  [size, rank]: readonly [number, number],
  most: number,
  rest: Rest,
): Rotate {
  if (basis === undefined) return (vectors) => Promise.resolve(vectors)
  const placed = viewRows(place(matrices, basis), rank)
  const rotated = matrices.allocate(most * rank)
  return async (vectors, count) => {
    rotated.data.fill(0, 0, count * rank)
    const sizes = [count, size, rank] as const
    const into = viewRows(rotated, rank)
    await multiplyInParts(matrices, viewRows(vectors, size), placed, sizes, into, rest)
    return rotated
  }
}

function square(numbers: Float64Array, count: number): void {
  for (let k = 0; k < count; k++) numbers[k]! *= numbers[k]!
}

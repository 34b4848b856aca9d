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
import type { BlockShape } from './curvature-block.js'
import type { Numbers } from '../gradients/numbers/number-memory.js'
import { allocateZeros, type Matrices, place, viewColumns, viewRows } from './matrices/matrices.js'
import { readVectors } from './read-vectors.js'
import { sumLookups } from './sum-lookups.js'

/** The bases in which a block's gradients are measured; the identity if left out. */
export interface Bases {
  readonly inputBasis: Float32Array | undefined
  readonly outputBasis: Float32Array | undefined
}

/** Rotates vectors [count, size] by a basis; returns them as they are without one. */
type Rotate = (vectors: Numbers, count: number) => Numbers

/**
 * The eigenvalues of a block, Λ_ij = E[(Q_Aᵀ G Q_S)_ij²] over examples (George et al., 2018). Without bases they are the
 * diagonal of the curvature.
 */
export class Eigenvalues {
  readonly #block: BlockShape
  readonly #bases: Bases
  readonly #matrices: Matrices
  readonly #sums: Numbers
  #exampleCount = 0

  /** @param matrices a workspace, where the sums are reserved */
  constructor(block: BlockShape, bases: Bases, matrices: Matrices) {
    this.#block = block
    this.#bases = bases
    this.#matrices = matrices
    matrices.clear()
    this.#sums = allocateZeros(matrices, block.rows * block.columns)
    matrices.reserve()
  }

  /** Returns Λ [rows, columns]. */
  values(): Float32Array {
    return Float32Array.from(this.#sums.data, (sum) => sum / this.#exampleCount)
  }

  /**
   * Adds examples.
   *
   * @throws UnsupportedError for other layouts than those of the plan
   */
  add(gradients: MeasuredGradients, exampleCount: number): void {
    this.#exampleCount += exampleCount
    const matrices = this.#matrices
    matrices.clear()
    if (isContracted(gradients)) {
      this.#addContracted(gradients)
      return
    }
    const { rule, rows, columns } = this.#block
    const [segment, ...others] = gradients
    if (segment === undefined) throw createLayoutError(this.#block)
    if (rule === 'diagonal' && (rows === 1 || others.length > 0)) {
      this.#addSummed(gradients, exampleCount)
    } else if (others.length > 0) throw createLayoutError(this.#block)
    else if (segment.kind === 'lookup') this.#addLookups(segment, exampleCount)
    else if (segment.kind === 'dense') {
      if (rows !== 1) throw createLayoutError(this.#block)
      const rotate = createRotation(matrices, this.#bases.outputBasis, columns, exampleCount)
      const { data } = rotate(place(matrices, segment.values), exampleCount)
      const sums = this.#sums.data
      for (let k = 0; k < exampleCount * columns; k++) sums[k % columns]! += data[k]! ** 2
    } else if (prefersMatrix(this.#block, segment)) this.#addContracting(segment, exampleCount)
    else this.#addVectors(segment, exampleCount)
  }

  #addContracted({ values }: ContractedGradients): void {
    const matrices = this.#matrices
    const { rows, columns } = this.#block
    const size = rows * columns
    const gradient = matrices.allocate(size)
    const addMatrix = this.#createMatrixSum()
    for (let at = 0; at < values.length; at += size) {
      matrices.writeRows(values.subarray(at, at + size), size, gradient, size)
      addMatrix(gradient)
    }
  }

  #addContracting(segment: VectorSegment, exampleCount: number): void {
    const matrices = this.#matrices
    const gradient = matrices.allocate(this.#block.rows * this.#block.columns)
    const addMatrix = this.#createMatrixSum()
    for (const part of readVectors(segment, this.#block, exampleCount, matrices)) {
      for (let example = 0; example < part.exampleCount; example++) {
        gradient.data.fill(0)
        addContracted(part, example, this.#block, gradient, matrices)
        addMatrix(gradient)
      }
    }
  }

  /** Creates a function that adds (Q_Aᵀ G Q_S)² of an example. */
  #createMatrixSum(): (gradient: Numbers) => void {
    const matrices = this.#matrices
    const { rows, columns } = this.#block
    const { inputBasis, outputBasis } = this.#bases
    const input = inputBasis && viewColumns(place(matrices, inputBasis), rows)
    const output = outputBasis && viewRows(place(matrices, outputBasis), columns)
    const between = output && matrices.allocate(rows * columns)
    const rotated = input && matrices.allocate(rows * columns)
    return (gradient) => {
      let numbers = gradient
      if (output !== undefined && between !== undefined) {
        between.data.fill(0)
        const sizes = [rows, columns, columns] as const
        matrices.multiplyAdd(viewRows(numbers, columns), output, sizes, viewRows(between, columns))
        numbers = between
      }
      if (input !== undefined && rotated !== undefined) {
        rotated.data.fill(0)
        const sizes = [rows, rows, columns] as const
        matrices.multiplyAdd(input, viewRows(numbers, columns), sizes, viewRows(rotated, columns))
        numbers = rotated
      }
      const [{ data }, sums] = [numbers, this.#sums.data]
      for (let k = 0; k < sums.length; k++) sums[k]! += data[k]! ** 2
    }
  }

  #addVectors(segment: VectorSegment, exampleCount: number): void {
    const matrices = this.#matrices
    const { rows, columns } = this.#block
    const { inputBasis, outputBasis } = this.#bases
    const product = allocateZeros(matrices, rows * columns)
    let rotateInputs: Rotate | undefined
    let rotateOutputs: Rotate | undefined
    for (const part of readVectors(segment, this.#block, exampleCount, matrices)) {
      const { positions } = part
      const count = part.exampleCount * positions
      rotateInputs ??= createRotation(matrices, inputBasis, rows, count)
      rotateOutputs ??= createRotation(matrices, outputBasis, columns, count)
      const inputs = rotateInputs(part.inputs, count)
      const outputs = rotateOutputs(part.outputs, count)
      if (positions === 1) {
        // (aᵢ δⱼ)² = aᵢ² δⱼ²: all examples are summed in one product.
        square(inputs.data, count * rows)
        square(outputs.data, count * columns)
        const left = viewColumns(inputs, rows)
        const right = viewRows(outputs, columns)
        matrices.multiplyAdd(left, right, [rows, count, columns], viewRows(this.#sums, columns))
        continue
      }
      const sums = this.#sums.data
      const vectors = { ...part, inputs, outputs }
      for (let example = 0; example < part.exampleCount; example++) {
        addContracted(vectors, example, this.#block, product, matrices)
        const { data } = product
        for (let k = 0; k < data.length; k++) {
          sums[k]! += data[k]! ** 2
          data[k] = 0
        }
      }
    }
  }

  #addLookups(segment: LookupSegment, exampleCount: number): void {
    const matrices = this.#matrices
    const { columns } = this.#block
    const rotate = createRotation(matrices, this.#bases.outputBasis, columns, segment.positions)
    const vectors = matrices.allocate(segment.positions * columns)
    const totals = this.#sums.data
    for (let example = 0; example < exampleCount; example++) {
      const { indices, sums } = sumLookups(segment, example)
      vectors.data.set(sums)
      const { data } = rotate(vectors, indices.length)
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

/** @param most the most vectors at once */
function createRotation(
  matrices: Matrices,
  basis: Float32Array | undefined,
  size: number,
  most: number,
): Rotate {
  if (basis === undefined) return (vectors) => vectors
  const placed = viewRows(place(matrices, basis), size)
  const rotated = matrices.allocate(most * size)
  return (vectors, count) => {
    rotated.data.fill(0, 0, count * size)
    const sizes = [count, size, size] as const
    matrices.multiplyAdd(viewRows(vectors, size), placed, sizes, viewRows(rotated, size))
    return rotated
  }
}

function square(numbers: Float64Array, count: number): void {
  for (let k = 0; k < count; k++) numbers[k]! *= numbers[k]!
}

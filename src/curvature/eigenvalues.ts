import type { GradientSegment, LookupSegment } from '../gradients/block.js'
import { compactBlock } from '../gradients/compact-block.js'
import { createGradientReader } from '../gradients/dense-gradient.js'
import { addTo, createLayoutError } from './covariances.js'
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
  readonly #sums: Float64Array
  #exampleCount = 0

  constructor(block: BlockShape, bases: Bases) {
    this.#block = block
    this.#bases = bases
    this.#sums = new Float64Array(block.rows * block.columns)
  }

  /** Returns Λ [rows, columns]. */
  values(): Float32Array {
    return Float32Array.from(this.#sums, (sum) => sum / this.#exampleCount)
  }

  /**
   * Adds examples.
   *
   * @param matrices a workspace, whose numbers are freed
   * @throws UnsupportedError for other layouts than those of the plan
   */
  add(segments: readonly GradientSegment[], exampleCount: number, matrices: Matrices): void {
    this.#exampleCount += exampleCount
    matrices.clear()
    const { rule, rows, columns } = this.#block
    const [segment, ...others] = segments
    if (segment === undefined) throw createLayoutError(this.#block)
    if (rule === 'diagonal' && (rows === 1 || others.length > 0)) {
      this.#addSummed(segments, exampleCount)
    } else if (others.length > 0) throw createLayoutError(this.#block)
    else if (segment.kind === 'lookup') this.#addLookups(segment, exampleCount, matrices)
    else if (segment.kind === 'dense') {
      if (rows !== 1) throw createLayoutError(this.#block)
      const rotate = createRotation(matrices, this.#bases.outputBasis, columns, exampleCount)
      const { data } = rotate(place(matrices, segment.values), exampleCount)
      for (let k = 0; k < exampleCount * columns; k++) this.#sums[k % columns]! += data[k]! ** 2
    } else this.#addVectors(segment, exampleCount, matrices)
  }

  #addVectors(
    segment: Extract<GradientSegment, { kind: 'factored' | 'convolution' }>,
    exampleCount: number,
    matrices: Matrices,
  ): void {
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
        this.#addProduct(matrices, [inputs, outputs, product], count, 0)
        addTo(this.#sums, product.data)
        product.data.fill(0)
        continue
      }
      for (let example = 0; example < part.exampleCount; example++) {
        this.#addProduct(matrices, [inputs, outputs, product], positions, example * positions)
        const { data } = product
        for (let k = 0; k < data.length; k++) {
          this.#sums[k]! += data[k]! ** 2
          data[k] = 0
        }
      }
    }
  }

  /** Adds Σ_t input_t output_tᵀ of `count` positions from `first` on to a product. */
  #addProduct(
    matrices: Matrices,
    [inputs, outputs, product]: readonly [Numbers, Numbers, Numbers],
    count: number,
    first: number,
  ): void {
    const { rows, columns } = this.#block
    const left = viewColumns(inputs, rows, first * rows)
    const right = viewRows(outputs, columns, first * columns)
    matrices.multiplyAdd(left, right, [rows, count, columns], viewRows(product, columns))
  }

  #addLookups(segment: LookupSegment, exampleCount: number, matrices: Matrices): void {
    const { columns } = this.#block
    const rotate = createRotation(matrices, this.#bases.outputBasis, columns, segment.positions)
    const vectors = matrices.allocate(segment.positions * columns)
    for (let example = 0; example < exampleCount; example++) {
      const { indices, sums } = sumLookups(segment, example)
      vectors.data.set(sums)
      const { data } = rotate(vectors, indices.length)
      for (const [t, index] of indices.entries()) {
        for (let k = 0; k < columns; k++) {
          this.#sums[index * columns + k]! += data[t * columns + k]! ** 2
        }
      }
    }
  }

  /** Adds the squares of gradients that are the sum of several segments. */
  #addSummed(segments: readonly GradientSegment[], exampleCount: number): void {
    const { columns } = this.#block
    const compact = compactBlock({ exampleCount, segments })
    const readers = compact.segments.map(createGradientReader)
    const gradient = new Float64Array(this.#sums.length)
    for (let example = 0; example < exampleCount; example++) {
      gradient.fill(0)
      for (const read of readers) {
        const { data, offset } = read(example)
        for (let k = 0; k < columns; k++) gradient[k]! += data[offset + k]!
      }
      for (let k = 0; k < columns; k++) this.#sums[k]! += gradient[k]! ** 2
    }
  }
}

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

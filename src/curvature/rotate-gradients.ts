import type { CompactSegment, FactoredSegment } from '../gradients/block.js'
import { createGradientReader } from '../gradients/dense-gradient.js'
import type { CurvatureBlock } from './curvature-block.js'
import type { Numbers } from '../gradients/numbers/number-memory.js'
import {
  type Matrices,
  type MatrixView,
  place,
  placeTransposed,
  viewColumns,
  viewRows,
} from './matrices/matrices.js'
import type { Rest } from './rest.js'
import { multiplyInParts } from './matrices/multiply-in-parts.js'
import { createMatrixReader } from './matrix-reader.js'
import { writeVectors } from './read-vectors.js'
import { rotateTruncated } from './rotate-truncated.js'

/** The gradients of one block of parameters, example by example, in the basis of its curvature and back. */
export interface RotatedGradients {
  /**
   * Returns Q_Aᵀ G Q_S [rows, columns] of an example, or what `rotateTruncated` says. The next call of either function
   * overwrites it.
   */
  rotate(example: number): Promise<Numbers>
  /** Returns Q_A R Q_Sᵀ of a matrix R that `rotate` returned. */
  rotateBack(rotated: Numbers): Promise<Numbers>
}

/**
 * Prepares the gradients of a block's parameters.
 *
 * @param segments those of the kernel, or of the only parameter
 * @param bias those of the bias
 * @param matrices a workspace, whose numbers are freed
 * @param rest called regularly so that the page can respond
 */
export function rotateGradients(
  block: CurvatureBlock,
  segments: readonly CompactSegment[],
  bias: readonly CompactSegment[],
  exampleCount: number,
  matrices: Matrices,
  rest: Rest,
): RotatedGradients {
  if (isTruncated(block)) return rotateTruncated(block, segments, bias, matrices, rest)
  matrices.clear()
  const { rows, columns, inputBasis, outputBasis } = block
  const size = rows * columns
  const input = inputBasis && place(matrices, inputBasis)
  const output = outputBasis && place(matrices, outputBasis)
  const outputTransposed = outputBasis && placeTransposed(matrices, outputBasis, columns)
  const between = matrices.allocate(size)
  const rotated = matrices.allocate(size)
  const [only, ...others] = segments
  return {
    rotate:
      only?.kind === 'factored' && others.length === 0
        ? createFactorRotation(only)
        : createMatrixRotation(),
    async rotateBack(numbers) {
      if (input !== undefined) await multiplyLeft(viewRows(input, rows), numbers, between)
      else if (outputTransposed !== undefined) between.data.set(numbers.data)
      if (outputTransposed === undefined) return input === undefined ? numbers : between
      await multiplyRight(between, outputTransposed, numbers)
      return numbers
    },
  }

  /** `into` = M G */
  async function multiplyLeft(matrix: MatrixView, g: Numbers, into: Numbers): Promise<void> {
    into.data.fill(0)
    const [right, sums] = [viewRows(g, columns), viewRows(into, columns)]
    await multiplyInParts(matrices, matrix, right, [rows, rows, columns], sums, rest)
  }

  /** `into` = G M */
  async function multiplyRight(g: Numbers, matrix: Numbers, into: Numbers): Promise<void> {
    into.data.fill(0)
    const [left, right] = [viewRows(g, columns), viewRows(matrix, columns)]
    const sums = viewRows(into, columns)
    await multiplyInParts(matrices, left, right, [rows, columns, columns], sums, rest)
  }

  /** Q_Aᵀ (G Q_S) */
  function createMatrixRotation(): RotatedGradients['rotate'] {
    const read = createMatrixReader(block, segments, bias)
    return async (example) => {
      const gradient = output === undefined ? rotated : between
      read(example, gradient.data)
      if (output !== undefined) await multiplyRight(between, output, rotated)
      if (input === undefined) return rotated
      between.data.set(rotated.data)
      await multiplyLeft(viewColumns(input, rows), between, rotated)
      return rotated
    }
  }

  /**
   * Σ_t (Q_Aᵀ a_t)(Q_Sᵀ δ_t)ᵀ, with fewer multiplications than of G. The bias is one more position: a device may scale a
   * and δ against each other, so that a 1 after a would not fit.
   */
  function createFactorRotation(segment: FactoredSegment): RotatedGradients['rotate'] {
    const { positions } = segment
    const count = positions + (block.bias === undefined ? 0 : 1)
    const vectors = {
      inputs: matrices.allocate(count * rows),
      outputs: matrices.allocate(count * columns),
    }
    const toInputs = input && matrices.allocate(count * rows)
    const toOutputs = output && matrices.allocate(count * columns)
    const biasReaders = bias.map(createGradientReader)
    const multiply = async (
      from: Numbers,
      basis: Numbers,
      length: number,
      into: Numbers,
    ): Promise<Numbers> => {
      into.data.fill(0)
      const [left, right] = [viewRows(from, length), viewRows(basis, length)]
      const sizes = [count, length, length] as const
      await multiplyInParts(matrices, left, right, sizes, viewRows(into, length), rest)
      return into
    }
    return async (example) => {
      const range = { start: example, end: example + 1, exampleCount }
      writeVectors(segment, block, range, vectors, matrices)
      if (count > positions) {
        const [a, delta] = [vectors.inputs.data, vectors.outputs.data]
        for (let t = 0; t < positions; t++) a[t * rows + rows - 1] = 0
        a.fill(0, positions * rows)
        a[count * rows - 1] = 1
        delta.fill(0, positions * columns)
        for (const read of biasReaders) {
          const { data, offset } = read(example)
          for (let k = 0; k < columns; k++) delta[positions * columns + k]! += data[offset + k]!
        }
      }
      const left =
        input && toInputs ? await multiply(vectors.inputs, input, rows, toInputs) : vectors.inputs
      const right =
        output && toOutputs
          ? await multiply(vectors.outputs, output, columns, toOutputs)
          : vectors.outputs
      rotated.data.fill(0)
      const sizes = [rows, count, columns] as const
      const into = viewRows(rotated, columns)
      const [first, second] = [viewColumns(left, rows), viewRows(right, columns)]
      await multiplyInParts(matrices, first, second, sizes, into, rest)
      return rotated
    }
  }
}

const isTruncated = (
  block: CurvatureBlock,
): block is CurvatureBlock & { readonly inputRank: number } => block.inputRank !== undefined

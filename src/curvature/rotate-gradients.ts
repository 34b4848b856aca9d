import type { CompactSegment, FactoredSegment } from '../gradients/block.js'
import { createGradientReader } from '../gradients/dense-gradient.js'
import type { Numbers } from '../gradients/numbers/number-memory.js'
import type { CurvatureBlock } from './curvature-block.js'
import { InputBasis } from './input-basis.js'
import { createMatrixReader } from './matrix-reader.js'
import {
  type Matrices,
  place,
  placeTransposed,
  viewColumns,
  viewRows,
} from './matrices/matrices.js'
import { multiplyInParts } from './matrices/multiply-in-parts.js'
import { writeVectors } from './read-vectors.js'
import type { Rest } from './rest.js'

/** The gradients of one block of parameters, example by example, in the basis of its curvature and back. */
export interface RotatedGradients {
  /**
   * Returns Q_Aᵀ G Q_S of an example, [rows, columns]. With an `inputRank` r, it is [r + rows, columns], as of `InputBasis`.
   * The next call of either function overwrites it.
   */
  rotate(example: number): Promise<Numbers>
  /** Returns Q_A R Q_Sᵀ of a matrix R that `rotate` returned: the first rows · columns numbers. */
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
  matrices.clear()
  const { rows, columns, inputBasis, outputBasis } = block
  const size = rows * columns
  const input = inputBasis && new InputBasis(inputBasis, block, matrices, rest)
  const height = input?.height ?? rows
  const output = outputBasis && place(matrices, outputBasis)
  const outputTransposed = outputBasis && placeTransposed(matrices, outputBasis, columns)
  const between = matrices.allocate(size)
  const rotated = matrices.allocate(height * columns)
  const [only, ...others] = segments
  return {
    rotate:
      only?.kind === 'factored' && others.length === 0
        ? createFactorRotation(only)
        : createMatrixRotation(),
    async rotateBack(numbers) {
      if (outputTransposed === undefined) return numbers
      if (input === undefined) between.data.set(numbers.data)
      else await input.rotateBack(numbers, columns, between)
      await multiplyRight(between, outputTransposed, numbers)
      return numbers
    },
  }

  /** `into` = G M. More numbers may follow. */
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
      read(example, rotated.data)
      if (output === undefined) return rotated
      await multiplyRight(rotated, output, between)
      if (input === undefined) rotated.data.set(between.data)
      else await input.rotate(between, columns, rotated)
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
    const toInputs = input && matrices.allocate(count * height)
    const toOutputs = output && matrices.allocate(count * columns)
    const biasReaders = bias.map(createGradientReader)
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
      if (input && toInputs) await input.rotateVectors(vectors.inputs, count, toInputs)
      if (output && toOutputs) {
        toOutputs.data.fill(0)
        const [left, right] = [viewRows(vectors.outputs, columns), viewRows(output, columns)]
        const sizes = [count, columns, columns] as const
        await multiplyInParts(matrices, left, right, sizes, viewRows(toOutputs, columns), rest)
      }
      const left = viewColumns(toInputs ?? vectors.inputs, height)
      const right = viewRows(toOutputs ?? vectors.outputs, columns)
      rotated.data.fill(0)
      const sizes = [height, count, columns] as const
      await multiplyInParts(matrices, left, right, sizes, viewRows(rotated, columns), rest)
      return rotated
    }
  }
}

import type { CompactSegment } from '../gradients/block.js'
import type { Numbers } from '../gradients/numbers/number-memory.js'
import type { CurvatureBlock } from './curvature-block.js'
import {
  allocateZeros,
  type Matrices,
  type MatrixView,
  place,
  placeTransposed,
  viewColumns,
  viewRows,
} from './matrices/matrices.js'
import { multiplyInParts } from './matrices/multiply-in-parts.js'
import { createMatrixReader } from './matrix-reader.js'
import type { Rest } from './rest.js'

/**
 * Prepares the gradients of a layer of whose input eigenvectors Q [rows, r] some are kept. `rotate` returns
 * [r + rows, columns]: R = Qᵀ G Q_S, and below it what these directions leave of G Q_S, the residual G Q_S − Q R. `rotateBack`
 * returns (Q R + the residual) Q_Sᵀ.
 *
 * @param segments those of the kernel, and `bias` those of the bias
 * @param matrices a workspace, whose numbers are freed
 * @param rest called regularly so that the page can respond
 */
export function rotateTruncated(
  block: CurvatureBlock & { readonly inputRank: number },
  segments: readonly CompactSegment[],
  bias: readonly CompactSegment[],
  matrices: Matrices,
  rest: Rest,
): {
  rotate(example: number): Promise<Numbers>
  rotateBack(rotated: Numbers): Promise<Numbers>
} {
  matrices.clear()
  const { rows, columns, inputRank, inputBasis, outputBasis } = block
  const input = place(matrices, inputBasis!)
  const output = place(matrices, outputBasis!)
  const outputTransposed = placeTransposed(matrices, outputBasis!, columns)
  const gradient = matrices.allocate(rows * columns)
  const projected = allocateZeros(matrices, inputRank * columns)
  const rotated = matrices.allocate((inputRank + rows) * columns)
  const head = inputRank * columns
  const residual = viewRows(rotated, columns, head)
  const read = createMatrixReader(block, segments, bias)
  const sizes = [rows, columns, columns] as const

  const multiply = (
    a: MatrixView,
    b: MatrixView,
    of: readonly [number, number, number],
    into: MatrixView,
  ): Promise<void> => multiplyInParts(matrices, a, b, of, into, rest)

  /** Adds `sign` Q R to the residual, where R is the head. */
  const addHead = async (sign: 1 | -1): Promise<void> => {
    for (let k = 0; k < head; k++) projected.data[k] = sign * rotated.data[k]!
    const product = [rows, inputRank, columns] as const
    await multiply(viewRows(input, inputRank), viewRows(projected, columns), product, residual)
  }
  return {
    async rotate(example) {
      read(example, gradient.data)
      rotated.data.fill(0)
      await multiply(viewRows(gradient, columns), viewRows(output, columns), sizes, residual)
      const product = [inputRank, rows, columns] as const
      const transposed = viewColumns(input, inputRank)
      await multiply(transposed, residual, product, viewRows(rotated, columns))
      await addHead(-1)
      return rotated
    },
    async rotateBack(numbers) {
      if (numbers !== rotated) rotated.data.set(numbers.data)
      await addHead(1)
      gradient.data.fill(0)
      const right = viewRows(outputTransposed, columns)
      await multiply(residual, right, sizes, viewRows(gradient, columns))
      return gradient
    },
  }
}

import type { GradientSegment } from '../gradients/block.js'
import type { Numbers } from '../gradients/numbers/number-memory.js'
import type { BlockShape } from './curvature-block.js'
import { type Matrices, viewColumns, viewRows } from './matrices/matrices.js'
import { sizesOf } from './plan-blocks.js'
import type { LayerVectors } from './read-vectors.js'

/** Gradients of a block as matrices G [exampleCount, rows, columns]. */
export interface ContractedGradients {
  readonly kind: 'contracted'
  readonly values: Float32Array<ArrayBuffer>
}

/** The gradients of a block that its eigenvalues are measured from. */
export type MeasuredGradients = readonly GradientSegment[] | ContractedGradients

export const isContracted = (gradients: MeasuredGradients): gradients is ContractedGradients =>
  'kind' in gradients

/**
 * True if an example has so many positions that its matrix G is smaller than its vectors, and takes fewer multiplications
 * to rotate.
 */
export function prefersMatrix(
  { rule, rows, columns }: BlockShape,
  segment: GradientSegment,
): boolean {
  if (segment.kind !== 'factored' && segment.kind !== 'convolution') return false
  const { positions } = sizesOf(segment)
  if (rule === 'diagonal') return positions > 1
  return positions * (rows ** 2 + columns ** 2) > rows * columns * (rows + columns)
}

/** Adds Σ_t input_t output_tᵀ of one of the examples to a matrix G [rows, columns]. */
export function addContracted(
  { inputs, outputs, positions }: LayerVectors,
  example: number,
  { rows, columns }: Pick<BlockShape, 'rows' | 'columns'>,
  into: Numbers,
  matrices: Matrices,
): void {
  const first = example * positions
  const left = viewColumns(inputs, rows, first * rows)
  const right = viewRows(outputs, columns, first * columns)
  matrices.multiplyAdd(left, right, [rows, positions, columns], viewRows(into, columns))
}

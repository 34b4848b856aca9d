import type { CompactSegment } from '../gradients/block.js'
import { createGradientReader } from '../gradients/dense-gradient.js'
import { type BlockShape, isTransposed } from './curvature-block.js'

/**
 * Creates a function that writes G [rows, columns] of an example: the gradient of the kernel, and in the last row that of
 * the bias.
 */
export function createMatrixReader(
  block: BlockShape,
  segments: readonly CompactSegment[],
  bias: readonly CompactSegment[],
): (example: number, into: Float64Array) => void {
  const kernelSize = countKernelNumbers(block)
  const readers = segments.map(createGradientReader)
  const biasReaders = bias.map(createGradientReader)
  return (example, into) => {
    into.fill(0)
    for (const read of readers) {
      const { data, offset } = read(example)
      for (let k = 0; k < kernelSize; k++) into[toMatrix(block, k)]! += data[offset + k]!
    }
    for (const read of biasReaders) {
      const { data, offset } = read(example)
      for (let k = 0; k < block.columns; k++) into[kernelSize + k]! += data[offset + k]!
    }
  }
}

/** The number of elements of the kernel, or of the only parameter. */
export const countKernelNumbers = ({ rows, columns, bias }: BlockShape): number =>
  (bias === undefined ? rows : rows - 1) * columns

/** The place in G of element k of the kernel's gradient. */
export function toMatrix(block: BlockShape, k: number): number {
  if (!isTransposed(block)) return k
  const rows = block.rows - 1
  return (k % rows) * block.columns + Math.floor(k / rows)
}

import {
  type BlockShape,
  countBlockBytes,
  hasInputBasis,
  hasOutputBasis,
} from '../../curvature/curvature-block.js'
import { listMeasuredBuffers, type MeasuredBatch } from '../../curvature/estimator.js'
import { vectorsAtOnce } from '../../curvature/read-vectors.js'
import { sizesOf } from '../../curvature/plan-blocks.js'
import type { GradientSegment } from '../../gradients/block.js'
import { bytesPerFloat32, bytesPerFloat64 } from '../../gradients/numbers/byte-sizes.js'

/** The sizes of the matrices that are decomposed. */
export const listSides = (block: BlockShape): number[] => [
  ...(hasInputBasis(block) ? [block.rows] : []),
  ...(hasOutputBasis(block) ? [block.columns] : []),
]

/**
 * The most bytes that estimating a curvature takes at once: covariances with the workspace of the largest decomposition, or
 * the sums of eigenvalues with the largest basis. What is computed is in float64, and the result in float32.
 */
export function countFitBytes(
  blocks: readonly BlockShape[],
  segments: readonly GradientSegment[],
): number {
  const factors = sumOf(blocks, countBlockBytes)
  const squareOf = (n: number): number => bytesPerFloat64 * n ** 2
  const covariances = sumOf(blocks.flatMap(listSides), squareOf)
  const largest = Math.max(0, ...blocks.flatMap(listSides).map(squareOf))
  const sums = sumOf(blocks, ({ rows, columns }) => bytesPerFloat64 * rows * columns)
  const rotating = blocks.map((block) => {
    const bases = sumOf(listSides(block), squareOf)
    const positions = Math.max(vectorsAtOnce, countPositions(block, segments))
    const vectors = 2 * positions * bytesPerFloat64 * (block.rows + block.columns)
    return 1.5 * bases + vectors + matricesOfExample * countMatrixBytes(block)
  })
  const decomposing = covariances + factors + copiesOfMatrix * largest
  return Math.ceil(Math.max(decomposing, factors + sums + Math.max(0, ...rotating)))
}

/** A decomposition has the matrix twice, its eigenvectors, and half of them as they were. */
const copiesOfMatrix = 3.5

/** The gradient of an example before and after each of two rotations. */
const matricesOfExample = 3

const countMatrixBytes = ({ rows, columns }: BlockShape): number => bytesPerFloat64 * rows * columns

function countPositions({ parameter }: BlockShape, segments: readonly GradientSegment[]): number {
  const own = segments.find((segment) => segment.parameter === parameter)
  return own?.kind === 'factored' || own?.kind === 'convolution' ? sizesOf(own).positions : 1
}

/** The bytes of one block of a question after it is multiplied: as a matrix, or in the rows of a table that it uses. */
export function countQuestionBytes(
  block: BlockShape,
  segments: readonly GradientSegment[],
): number {
  const own = segments.find(({ parameter }) => parameter === block.parameter)
  if (own?.kind === 'lookup') return own.positions * (block.columns + 1) * bytesPerFloat32
  return block.rows * block.columns * bytesPerFloat32
}

/** The bytes of bases, of a question's gradient in them, and of 1 / (Λ + λ). */
export function countSolvingBytes(block: BlockShape): number {
  const { rows, columns } = block
  const input = hasInputBasis(block) ? rows ** 2 : 0
  const output = hasOutputBasis(block) ? 2 * columns ** 2 : 0
  return bytesPerFloat64 * (1.5 * (input + output) + matricesOfExample * rows * columns)
}

/** The bytes of the gradients of a batch as they are kept for another pass. */
export const countMeasuredBytes = (batch: MeasuredBatch): number =>
  sumOf(listMeasuredBuffers(batch), ({ byteLength }) => byteLength)

const sumOf = <Item>(items: readonly Item[], sizeOf: (item: Item) => number): number =>
  items.reduce((sum, item) => sum + sizeOf(item), 0)

import {
  type BlockShape,
  countBlockBytes,
  countEigenvalueRows,
  countInputVectors,
  hasInputBasis,
  hasOutputBasis,
} from '../../curvature/curvature-block.js'
import { prefersMatrix } from '../../curvature/contracted-gradients.js'
import {
  type CurvatureEstimator,
  listMeasuredBuffers,
  type MeasuredBatch,
} from '../../curvature/estimator.js'
import { sizesOf } from '../../curvature/plan-blocks.js'
import { vectorsAtOnce } from '../../curvature/read-vectors.js'
import { truncateShape } from '../../curvature/truncate-inputs.js'
import type { GradientBlock, GradientSegment } from '../../gradients/block.js'
import { bytesPerFloat32, bytesPerFloat64 } from '../../gradients/numbers/byte-sizes.js'

/** The matrices that are decomposed: their sizes, and how many eigenvectors are computed. */
const listSides = (block: BlockShape): (readonly [size: number, rank: number])[] => {
  const { rows, columns, inputRank = rows } = block
  return [
    ...(hasInputBasis(block) ? [[rows, inputRank] as const] : []),
    ...(hasOutputBasis(block) ? [[columns, columns] as const] : []),
  ]
}

/** The multiplications of decomposing the matrices of a block, up to a factor. */
export const countCubes = (block: BlockShape): number =>
  sumOf(listSides(block), ([size, rank]) => size * rank ** 2)

/**
 * The most bytes that estimating a curvature takes at once: covariances with the workspace of the largest decomposition, the
 * sums of eigenvalues with what is computed of one block's gradients, or those sums with the result. What is computed is in
 * float64, and the result in float32.
 *
 * @param blocks with the input eigenvectors that are computed
 * @param isMeasured of the estimator
 * @param batch gradients of as many examples as the others have at most
 * @param inputRank the most input eigenvectors that are kept
 */
export function countFitBytes(
  blocks: readonly BlockShape[],
  isMeasured: CurvatureEstimator['isMeasured'],
  batch: Pick<GradientBlock, 'exampleCount' | 'segments'>,
  inputRank: number,
): number {
  const bases = sumOf(blocks.filter(hasOutputBasis), countBlockBytes)
  const sides = blocks.flatMap(listSides)
  const covariances = sumOf(sides, ([size]) => squareOf(size))
  const decomposing = covariances + Math.max(0, ...sides.map(countDecompositionBytes))
  const measured = blocks.filter(isMeasured)
  const sums = sumOf(measured, (block) => bytesPerFloat64 * countEigenvalues(block))
  const measuring = measured.map((block) => countMeasuringBytes(block, batch))
  const result = sumOf(blocks, (block) => {
    const truncated = truncateShape(block, inputRank)
    if (truncated !== block) return countBlockBytes(truncated)
    return isMeasured(block) ? bytesPerFloat32 * countEigenvalues(block) : 0
  })
  return Math.ceil(bases + Math.max(decomposing, sums + Math.max(result, ...measuring)))
}

const squareOf = (n: number): number => bytesPerFloat64 * n ** 2

/**
 * A decomposition has the matrix twice, its eigenvectors, and half of them as they were. One of low rank has the matrix
 * once, and its factors, their basis and the eigenvectors.
 */
const countDecompositionBytes = ([size, rank]: readonly [number, number]): number =>
  rank === size
    ? 3.5 * squareOf(size)
    : squareOf(size) + 3 * bytesPerFloat64 * rank * size + 2 * squareOf(rank)

/** The gradient of an example before and after each of two rotations. */
const matricesOfExample = 3

const countEigenvalues = (block: BlockShape): number => countEigenvalueRows(block) * block.columns

const countMatrixBytes = ({ rows, columns }: BlockShape): number => bytesPerFloat64 * rows * columns

/** The bytes of bases, of vectors or the matrix of an example, and of those after the bases are applied. */
function countMeasuringBytes(
  block: BlockShape,
  { exampleCount, segments }: Pick<GradientBlock, 'exampleCount' | 'segments'>,
): number {
  const { rows, columns } = block
  const sides = listSides(block)
  const isRotated = sides.length > 0
  const bases = 1.5 * sumOf(sides, ([size, rank]) => bytesPerFloat64 * size * rank)
  const own = segments.find(({ parameter }) => parameter === block.parameter)
  const isMatrix = own !== undefined && prefersMatrix(block, own)
  const copies = isRotated && !isMatrix ? 2 : 1
  const vectorsOf = (count: number, size: number): number => copies * bytesPerFloat64 * count * size
  if (own?.kind === 'factored' || own?.kind === 'convolution') {
    const { positions } = sizesOf(own)
    const count = Math.min(exampleCount * positions, Math.max(vectorsAtOnce, positions))
    const matrices = isMatrix && isRotated ? matricesOfExample : Number(isMatrix || positions > 1)
    return bases + vectorsOf(count, rows + columns) + matrices * countMatrixBytes(block)
  }
  return bases + vectorsOf(own?.kind === 'lookup' ? own.positions : exampleCount, columns)
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
  const { rows, columns, inputRank } = block
  const input = hasInputBasis(block) ? rows * (inputRank ?? rows) : 0
  const output = hasOutputBasis(block) ? 2 * columns ** 2 : 0
  // With an `inputRank`, a rotated gradient has rows for the kept directions and, below them, the residual. 1 / (Λ + λ) too.
  const numbers = matricesOfExample * (rows + (inputRank ?? 0)) * columns
  return bytesPerFloat64 * (1.5 * (input + output) + numbers)
}

/**
 * The shape of a block whose curvature is estimated from some examples: few of them have fewer input eigenvectors with
 * curvature than inputs.
 */
export function boundInputs(
  block: BlockShape,
  segments: readonly GradientSegment[],
  exampleCount: number,
): BlockShape {
  const own = segments.find(({ parameter }) => parameter === block.parameter)
  if (own?.kind !== 'factored' && own?.kind !== 'convolution') return block
  const count = exampleCount * sizesOf(own).positions
  return truncateShape(block, countInputVectors(block.rows, count))
}

/** The bytes of the gradients of a batch as they are kept for another pass. */
export const countMeasuredBytes = (batch: MeasuredBatch): number =>
  sumOf(listMeasuredBuffers(batch), ({ byteLength }) => byteLength)

const sumOf = <Item>(items: readonly Item[], sizeOf: (item: Item) => number): number =>
  items.reduce((sum, item) => sum + sizeOf(item), 0)

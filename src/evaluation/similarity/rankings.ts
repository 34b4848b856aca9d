import { InvalidArgumentError } from '../../errors.js'
import { type ArrayInput, toNdArray } from '../../array-input.js'
import type { NdArray } from '../../ndarray.js'
import { describe } from '../../options.js'

/**
 * Training examples in the order of their scores, for example an explanation of GradientSimilarity.
 */
export interface SimilarityRanking {
  /** `[nTest, n]`, descending. */
  readonly scores: ArrayInput
  /** `[nTest, n]`: the training examples in that order. */
  readonly orderedIndices: ArrayInput
}

/**
 * Reads the order of the training examples, [nTest, n].
 *
 * @throws InvalidArgumentError for another shape, an empty array, or an index out of range
 */
export async function readOrder(
  argument: string,
  orderedIndices: ArrayInput,
  trainCount?: number,
): Promise<NdArray> {
  const order = await toNdArray(argument, orderedIndices)
  if (order.shape.length !== 2 || order.data.length === 0) {
    throw new InvalidArgumentError(
      argument,
      `shape [${order.shape.join(', ')}]`,
      "shape [nTest, n] that is not empty: an explanation's orderedIndices",
    )
  }
  const end = trainCount ?? order.shape[1]!
  const offset = order.data.findIndex((i) => !Number.isInteger(i) || i < 0 || i >= end)
  if (offset < 0) return order
  throw new InvalidArgumentError(
    argument,
    String(order.data[offset]),
    `indices of the ${end} training examples`,
  )
}

function isRanking(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && 'scores' in value && 'orderedIndices' in value
  )
}

/**
 * Returns the scores of a full ranking in the order of the training examples, [nTest, nTrain] f64.
 *
 * @throws InvalidArgumentError if the arrays differ in shape, or a row doesn't rank every training
 *   example once
 */
export async function readScores(argument: string, ranking: SimilarityRanking): Promise<NdArray> {
  if (!isRanking(ranking)) {
    throw new InvalidArgumentError(
      argument,
      describe(ranking),
      "a ranking: { scores, orderedIndices }, GradientSimilarity's explanation",
    )
  }
  const [scores, order] = await Promise.all([
    toNdArray(`${argument}.scores`, ranking.scores),
    readOrder(`${argument}.orderedIndices`, ranking.orderedIndices),
  ])
  const [testCount = 0, trainCount = 0] = order.shape
  if (scores.shape.join() !== order.shape.join()) {
    throw new InvalidArgumentError(
      `${argument}.scores`,
      `shape [${scores.shape.join(', ')}]`,
      `shape [${order.shape.join(', ')}], the shape of orderedIndices`,
    )
  }
  const data = new Float64Array(scores.data.length)
  const rankedFor = new Int32Array(trainCount).fill(-1)
  for (let at = 0; at < data.length; at++) {
    const test = Math.floor(at / trainCount)
    const train = order.data[at]!
    if (rankedFor[train] === test) {
      throw new InvalidArgumentError(
        `${argument}.orderedIndices`,
        `training example ${train} twice for test example ${test}`,
        "every training example once: explain with ranking 'full'",
      )
    }
    rankedFor[train] = test
    data[test * trainCount + train] = scores.data[at]!
  }
  return { data, shape: [testCount, trainCount] }
}

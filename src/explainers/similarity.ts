import type { NdArray } from '../ndarray.js'

export const similarityNames = ['grad_dot', 'grad_cos', 'grad_asym_dot'] as const

export type SimilarityName = (typeof similarityNames)[number]

/**
 * The score of a pair of gradients from their inner product and squared norms; 0 where a gradient is zero.
 *
 * - `grad_dot`: g·g'
 * - `grad_cos`: g·g' / (‖g‖ ‖g'‖ + eps)
 * - `grad_asym_dot`: g·g' / (‖g'‖² + eps), g' the training example's (Charpiat et al., 2019)
 */
export function similarity(
  name: SimilarityName,
  eps: number,
  dot: number,
  testSquaredNorm: number,
  trainSquaredNorm: number,
): number {
  if (name === 'grad_dot') return dot
  const denominator =
    name === 'grad_cos'
      ? Math.sqrt(testSquaredNorm) * Math.sqrt(trainSquaredNorm) + eps
      : trainSquaredNorm + eps
  return denominator === 0 ? 0 : dot / denominator
}

/** The columns of one row of scores in descending order; ties keep the lower index first, NaN and ±∞ come last. */
function descendingOrder(scores: Float32Array): Int32Array {
  const rank = (score: number): number => (Number.isFinite(score) ? score : -Infinity)
  return Int32Array.from(scores.keys()).sort((i, j) => {
    const a = rank(scores[i] ?? NaN)
    const b = rank(scores[j] ?? NaN)
    return a === b ? i - j : b - a
  })
}

export interface Ranking {
  /** [nTest, nTrain] f32, each row descending. */
  readonly scores: NdArray
  /** [nTest, nTrain] i32, the training examples in the order of the scores. */
  readonly orderedIndices: NdArray
  /** The training indices of the k most similar, row by row: [nTest · k]. */
  readonly most: Int32Array
  /** The same of the least similar, the least of all first. */
  readonly least: Int32Array
  /** Per test example, the training examples whose score is NaN or infinite, ascending. */
  readonly nonFinite: readonly (readonly number[])[]
}

/** Ranks scores [nTest, nTrain]. Scores that are not finite come last, among the most and the least similar too. */
export function ranking(scores: Float32Array, testCount: number, k: number): Ranking {
  const trainCount = scores.length / testCount
  const sorted = new Float32Array(scores.length)
  const indices = new Int32Array(scores.length)
  const most = new Int32Array(testCount * k)
  const least = new Int32Array(testCount * k)
  const nonFinite: number[][] = []
  for (let test = 0; test < testCount; test++) {
    const offset = test * trainCount
    const row = scores.subarray(offset, offset + trainCount)
    const order = descendingOrder(row)
    indices.set(order, offset)
    sorted.set(
      Float32Array.from(order, (index) => row[index] ?? NaN),
      offset,
    )
    most.set(order.subarray(0, k), test * k)
    const missing = [...row.keys()].filter((index) => !Number.isFinite(row[index]))
    nonFinite.push(missing)
    const finiteCount = trainCount - missing.length
    const leastFinite = order.slice(Math.max(0, finiteCount - k), finiteCount).reverse()
    least.set(leastFinite, test * k)
    least.set(
      order.subarray(finiteCount, finiteCount + k - leastFinite.length),
      test * k + leastFinite.length,
    )
  }
  const shape = [testCount, trainCount]
  return {
    scores: { data: sorted, shape },
    orderedIndices: { data: indices, shape },
    most,
    least,
    nonFinite,
  }
}

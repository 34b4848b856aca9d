import { type Ranking, RankingBuilder, type RankingOptions } from '../../compute/ranking.js'

/**
 * Ranks scores that were computed outside a device's ranker.
 *
 * @param scores [testCount, trainCount]
 */
export function rankScores(scores: Float64Array, options: RankingOptions): Ranking {
  const { testCount, trainCount } = options
  const builder = new RankingBuilder(options)
  for (let test = 0; test < testCount; test++) {
    // Ties are ties of the scores that come back.
    const own = Float32Array.from(scores.subarray(test * trainCount, (test + 1) * trainCount))
    const all = Int32Array.from(own, (_, train) => train)
    const isFinite = (train: number): boolean => Number.isFinite(own[train])
    const finite = all.filter(isFinite).sort((i, j) => own[j]! - own[i]! || i - j)
    const nonFinite = all.filter((train) => !isFinite(train))
    const scored = (indices: Int32Array): { scores: Float32Array; indices: Int32Array } => ({
      scores: Float32Array.from(indices, (train) => own[train]!),
      indices,
    })
    builder.add(test, scored(finite), scored(nonFinite))
  }
  return builder.build()
}

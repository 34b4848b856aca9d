import type { Ranking } from '../../compute/ranking.js'
import type { ParameterShares } from './question-options.js'

/**
 * Arranges the scores of each parameter in the order of a ranking.
 *
 * @param scores per parameter, [testCount, trainCount]
 */
export function arrangeShares(
  scores: readonly Float64Array[],
  parameterNames: readonly string[],
  { indices, nonFinite }: Ranking,
  trainCount: number,
): Required<ParameterShares> {
  const testCount = nonFinite.length
  const rankedCount = indices.length / testCount
  const data = new Float32Array(testCount * scores.length * rankedCount)
  let at = 0
  for (let test = 0; test < testCount; test++) {
    const own = indices.subarray(test * rankedCount, (test + 1) * rankedCount)
    for (const ofParameter of scores) {
      for (const train of own) data[at++] = ofParameter[test * trainCount + train]!
    }
  }
  return {
    parameterNames,
    parameterScores: { data, shape: [testCount, scores.length, rankedCount] },
  }
}

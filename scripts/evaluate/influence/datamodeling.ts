import { linearDatamodelingScore } from '../../../src/evaluation/index.js'
import { disposeTrained, fitInfluence, fitSimilarity, labelsOf, withTracIn } from './methods.js'
import { type RetrainedCase, trainCase } from './retrained-case.js'
import type { Retrained } from './retrain.js'

const pointCount = 5
const fullSeed = 1

/** A method, and its mean linear datamodeling score over the test examples. */
export interface MethodScore {
  readonly method: string
  readonly score: number
}

/** Trains on all examples, and measures how well each method's scores predict the retrained models. */
export async function measureDatamodeling(
  given: RetrainedCase,
  { subsets, outputs }: Retrained,
): Promise<readonly MethodScore[]> {
  const { labels, testX, testLabels } = given
  const all = Uint32Array.from(labels, (_, i) => i)
  const trained = trainCase(given, all, labels, fullSeed, pointCount)
  const y = labelsOf(testLabels)
  const indices = subsets.map((subset) => Int32Array.from(subset))
  const measured = {
    data: Float32Array.from(outputs.flatMap((row) => [...row])),
    shape: [outputs.length, testLabels.length],
  }
  const scores: MethodScore[] = []
  const add = async (
    method: string,
    ranking: Parameters<typeof linearDatamodelingScore>[0],
  ): Promise<void> => {
    const { mean } = await linearDatamodelingScore(ranking, indices, measured)
    scores.push({ method, score: mean })
  }
  using similarity = await fitSimilarity(trained, given, labels)
  for (const simFn of ['grad_cos', 'grad_dot'] as const) {
    await add(`\`${simFn}\``, await similarity.explain(testX, y, { simFn }))
  }
  await add(
    `\`TracIn\`, ${pointCount} checkpoints`,
    await withTracIn(trained, given, labels, (tracIn) => tracIn.explain(testX, y)),
  )
  using influence = await fitInfluence(trained, given, labels)
  await add('`InfluenceFunctions`, EK-FAC', await influence.explain(testX, y))
  disposeTrained(trained)
  return scores
}

import { linearDatamodelingScore } from '../../../src/evaluation/index.js'
import { formatFigure } from '../mnist-format.js'
import { disposeTrained, fitInfluence, fitSimilarity, labelsOf, withTracIn } from './methods.js'
import { type RetrainedCase, trainCase } from './retrained-case.js'
import { retrainOnSubsets } from './retrain.js'

const pointCount = 5
const fullSeed = 1

/** The linear datamodeling score of each method, as cells of a table. */
export async function measureDatamodeling(
  given: RetrainedCase,
  modelCount: number,
): Promise<readonly (readonly [string, string])[]> {
  const { subsets, outputs } = retrainOnSubsets(given, modelCount)
  const { labels, testX, testLabels } = given
  const all = Uint32Array.from(labels, (_, i) => i)
  const trained = trainCase(given, all, labels, fullSeed, pointCount)
  const y = labelsOf(testLabels)
  const indices = subsets.map((subset) => Int32Array.from(subset))
  const measured = {
    data: Float32Array.from(outputs.flatMap((row) => [...row])),
    shape: [outputs.length, testLabels.length],
  }
  const cells: (readonly [string, string])[] = []
  const add = async (
    method: string,
    ranking: Parameters<typeof linearDatamodelingScore>[0],
  ): Promise<void> => {
    const { mean } = await linearDatamodelingScore(ranking, indices, measured)
    cells.push([method, formatFigure(mean)])
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
  return cells
}

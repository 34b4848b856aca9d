/**
 * Ranks the labels of the demo's training examples by how suspect they are, and writes the first of each
 * ranking to public/<data set>/suspects.json. Run it again after a model is trained:
 *
 *     npm run suspects
 */
import '@tensorflow/tfjs-backend-wasm'
import { GradientSimilarity } from '../../src/index.js'
import { rankSuspectLabels } from '../../src/influence/index.js'
import { readTrainingSet, useWasm } from './training-set.js'

/** The part of the ranking that the page uses. */
const listedShare = 0.05

await useWasm()
for (const name of ['mnist', 'garments', 'reviews'] as const) {
  const { folder, predictor, loss, x, y } = await readTrainingSet(name)
  using explainer = new GradientSimilarity(predictor, loss, {
    precomputeGrads: true,
    device: 'wasm',
  })
  await explainer.fit(x, y)
  const { orderedIndices, scores } = await rankSuspectLabels(explainer, x, y)
  const exampleCount = orderedIndices.data.length
  const listed = orderedIndices.data.subarray(0, Math.round(listedShare * exampleCount))
  await folder.writeJson('suspects.json', {
    exampleCount,
    orderedIndices: [...listed],
    scores: Array.from(listed, (index) => Number(scores.data[index]!.toFixed(4))),
    command: 'npm run suspects',
  })
  console.log(name, [...listed.subarray(0, 10)])
}

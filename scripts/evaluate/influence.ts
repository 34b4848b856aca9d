/**
 * Retrains the demo's networks on random halves of their training examples, and on labels of which a
 * tenth are changed, in Node on wasm. Prints the tables of docs/guides/evaluation.md about influence:
 *
 *     npm run evaluate:influence [digits|reviews] [models] [runs]
 *
 * Outputs of trained models are kept in node_modules/.cache.
 */
import { argv } from 'node:process'
import * as tf from '@tensorflow/tfjs'
import '@tensorflow/tfjs-backend-wasm'
import { registerRepairs } from '../train/loop.js'
import { readDigits, readReviews } from './influence/cases.js'
import { measureDatamodeling } from './influence/datamodeling.js'
import { measureMislabels } from './influence/mislabels.js'
import { retrainOnSubsets } from './influence/retrain.js'
import { formatFigure, formatTable } from './mnist-format.js'

const [only, modelCount = '40', runCount = '3'] = argv.slice(2)
registerRepairs()
await tf.setBackend('wasm')
const startedAt = performance.now()
for (const [name, read] of Object.entries({ digits: readDigits, reviews: readReviews })) {
  if (only !== undefined && only !== name) continue
  const given = read()
  const scores = await measureDatamodeling(given, retrainOnSubsets(given, Number(modelCount)))
  console.log(
    formatTable(
      [`linear datamodeling score, ${name}, ${modelCount} models`, 'mean'],
      scores.map(({ method, score }) => [method, formatFigure(score)]),
    ),
  )
  const { rows, fittedShare } = await measureMislabels(given, Number(runCount))
  console.log(
    formatTable(
      [
        `wrong labels, ${name}, ${runCount} runs`,
        'area under the ROC curve',
        ...['10 %', '20 %', '30 %'].map((share) => `found in the first ${share}`),
      ],
      rows.map(({ method, area, found }) => [method, area, ...found]),
    ),
  )
  console.log(
    `The networks answer ${(100 * fittedShare).toFixed(0)} % of the wrong labels as given.`,
  )
}
console.log(`${((performance.now() - startedAt) / 1000).toFixed(0)} s`)

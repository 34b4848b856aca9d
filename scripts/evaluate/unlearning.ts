/**
 * Checks what the demo says about training examples that are unlearned: for held-out examples, the five
 * most similar training examples by `grad_cos`, and the answer after one step of gradient descent on each
 * of them is really undone, next to the estimate of first order. In Node on wasm, a table per page:
 *
 *     npm run evaluate:unlearning [mnist|garments|reviews|cars] [rate …]
 */
import { argv } from 'node:process'
import * as tf from '@tensorflow/tfjs'
import '@tensorflow/tfjs-backend-wasm'
import { dataSets } from '../../demo/explaining/data-sets.js'
import {
  changeProbability,
  changeValue,
  estimateLossChange,
} from '../../demo/explaining/what-if.js'
import { GradientSimilarity } from '../../src/index.js'
import { tfjsPredictor } from '../../src/tfjs/index.js'
import { DataFolder } from '../data/data-folder.js'
import { registerRepairs } from '../train/loop.js'
import { readModel } from '../train/model.js'
import { formatFigure, formatTable, toArray } from './mnist-format.js'
import { readUnlearned, type UnlearnedCase } from './unlearning/cases.js'

const nearestCount = 5
const names = ['mnist', 'garments', 'reviews', 'cars'] as const

registerRepairs()
await tf.setBackend('wasm')
const [only, ...givenRates] = argv.slice(2)
for (const name of names) {
  if (only !== undefined && only !== name) continue
  const rate = dataSets[name].undoneRate ?? NaN
  // Rounded, as a product with 0.1 has many digits.
  const usual = [0.1, 1, 10].map((factor) => Number((factor * rate).toPrecision(6)))
  const rates = givenRates.length > 0 ? givenRates.map(Number) : usual
  const rows = await measure(readUnlearned(name), rates)
  console.log(
    formatTable(
      [`${name}: rate`, 'largest change', 'largest error of the estimate', 'mean error'],
      rows,
    ),
  )
}

/** Per rate: the largest real change of an answer, and the errors of the estimates. */
async function measure(given: UnlearnedCase, rates: readonly number[]): Promise<string[][]> {
  const model = await readModel(new DataFolder(given.name))
  const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable)
  const { loss } = dataSets[given.name]
  using explainer = new GradientSimilarity(tfjsPredictor(model), loss, {
    precomputeGrads: true,
    device: 'wasm',
  })
  await explainer.fit(await toArray(given.x.clone()), await toArray(given.y.clone()))

  const predict = (x: tf.Tensor): number[] =>
    tf.tidy(() => Array.from((model.predict(x) as tf.Tensor).dataSync()))

  /** The answer with all weights moved by rate · Σ gⱼ, and then moved back. */
  const predictAfter = (x: tf.Tensor, undone: readonly number[], rate: number): number[] => {
    const kept = variables.map((variable) => variable.clone())
    const after = tf.tidy(() => {
      const [ownX, ownY] = [given.x.gather([...undone]), given.y.gather([...undone])]
      const { grads } = tf.variableGrads(() => given.sumLosses(model, ownX, ownY), variables)
      for (const variable of variables) {
        variable.assign(variable.add(grads[variable.name]!.mul(rate)))
      }
      return predict(x)
    })
    variables.forEach((variable, i) => {
      variable.assign(kept[i]!)
    })
    tf.dispose(kept)
    return after
  }

  const measured = rates.map(() => ({ changes: [] as number[], errors: [] as number[] }))
  for (let k = 0; k < given.questions.shape[0]; k++) {
    const x = given.questions.slice([k], [1])
    const truth = given.truths?.[k]
    const before = predict(x)
    const label = given.isRegression ? 0 : before.indexOf(Math.max(...before))
    const question = await toArray(x.clone())
    const y = truth === undefined ? undefined : { data: Float32Array.of(truth), shape: [1, 1] }
    const nearest = await explainer.explain(question, y, { simFn: 'grad_cos' })
    const { data } = await explainer.explain(question, y, { simFn: 'grad_dot' })
    const undone = [...nearest.data.orderedIndices.data.subarray(0, nearestCount)]
    const inner = { scores: data.scores.data, indices: data.orderedIndices.data }
    for (const [r, rate] of rates.entries()) {
      const change = estimateLossChange(inner, new Set(undone), rate)
      const estimate =
        truth === undefined
          ? changeProbability(before[label]!, change)
          : changeValue(before[label]!, truth, change)
      const real = predictAfter(x, undone, rate)[label]!
      measured[r]!.changes.push(Math.abs(real - before[label]!))
      measured[r]!.errors.push(Math.abs(real - estimate))
    }
    x.dispose()
  }
  return measured.map(({ changes, errors }, r) => [
    `${rates[r]!}`,
    formatFigure(Math.max(...changes)),
    formatFigure(Math.max(...errors)),
    formatFigure(errors.reduce((sum, error) => sum + error, 0) / errors.length),
  ])
}

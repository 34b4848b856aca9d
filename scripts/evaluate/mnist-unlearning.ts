/**
 * Checks what the demo says about training examples that are unlearned: for each held-out digit, the five
 * most similar training digits by `grad_cos`, and the digit's probability after one step of gradient descent on
 * each of them is really undone, next to the estimate of first order. In Node on wasm:
 *
 *     npm run evaluate:unlearning [rate …]
 */
import { argv } from 'node:process'
import * as tf from '@tensorflow/tfjs'
import '@tensorflow/tfjs-backend-wasm'
import { changeProbability, estimateLossChange, undoneRate } from '../../demo/explaining/what-if.js'
import { GradientSimilarity } from '../../src/index.js'
import { tfjsPredictor } from '../../src/tfjs/index.js'
import { DataFolder } from '../data/data-folder.js'
import { takeImages } from '../data/images.js'
import { registerRepairs } from '../train/loop.js'
import { toInput } from '../train/batches.js'
import { readModel } from '../train/model.js'
import { formatTable, toArray } from './mnist-format.js'

const nearestCount = 5
/** Mistakes come first: the model is unsure of them. */
const questionCount = 24

registerRepairs()
await tf.setBackend('wasm')
const folder = new DataFolder('mnist')
const model = await readModel(folder)
const references = folder.readImages('references')
const heldOut = folder.readImages('held-out')
const { heldOut: measured } = folder.readJson('training.json') as {
  readonly heldOut: { readonly misclassified: readonly number[] }
}
const mistakes = measured.misclassified
const others = Array.from({ length: questionCount - mistakes.length }, (_, i) => i)
using explainer = new GradientSimilarity(tfjsPredictor(model), 'categoricalCrossentropy', {
  precomputeGrads: true,
  device: 'wasm',
})
const labels = tf.oneHot(tf.tensor1d([...references.labels], 'int32'), 10)
await explainer.fit(await toArray(toInput(references)), await toArray(labels))

const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable)
const rates =
  argv.length > 2 ? argv.slice(2).map(Number) : [undoneRate / 10, undoneRate, undoneRate * 10]
const rows: string[][] = []
for (const index of [...mistakes, ...others]) {
  const x = toInput(takeImages(heldOut, Uint32Array.of(index)))
  const before = await predict(x)
  const label = before.indexOf(Math.max(...before))
  const question = await toArray(x.clone())
  const nearest = await explainer.explain(question, undefined, { simFn: 'grad_cos' })
  const products = await explainer.explain(question, undefined, { simFn: 'grad_dot' })
  const undone = new Set(nearest.data.orderedIndices.data.subarray(0, nearestCount))
  const inner = { scores: products.data.scores.data, indices: products.data.orderedIndices.data }
  const cells = [`${index}`, `${label}`, before[label]!.toFixed(4)]
  for (const rate of rates) {
    const change = estimateLossChange(inner, undone, rate)
    cells.push(changeProbability(before[label]!, change).toFixed(4))
    cells.push((await predictAfter(x, undone, rate))[label]!.toFixed(4))
  }
  rows.push(cells)
}
console.log(
  formatTable(
    [
      'held-out digit',
      'says',
      'probability',
      ...rates.flatMap((rate) => [`estimate, rate ${rate}`, 'real']),
    ],
    rows,
  ),
)

async function predict(x: tf.Tensor): Promise<number[]> {
  const output = tf.tidy(() => model.predict(x) as tf.Tensor)
  const values = Array.from(await output.data())
  output.dispose()
  return values
}

/** The model's answer with all weights moved by rate · Σ gⱼ, and then moved back. */
async function predictAfter(
  x: tf.Tensor,
  undone: ReadonlySet<number>,
  rate: number,
): Promise<number[]> {
  const kept = variables.map((variable) => variable.clone())
  const { grads } = tf.variableGrads(() => {
    const images = toInput(takeImages(references, Uint32Array.from(undone)))
    const y = tf.oneHot(
      tf.tensor1d(
        Array.from(undone, (at) => references.labels[at]!),
        'int32',
      ),
      10,
    )
    return tf.metrics
      .categoricalCrossentropy(y, model.predict(images) as tf.Tensor)
      .sum<tf.Scalar>()
  }, variables)
  for (const variable of variables) {
    const gradient = grads[variable.name]!
    variable.assign(tf.tidy(() => variable.add(gradient.mul(rate))))
  }
  const after = await predict(x)
  variables.forEach((variable, i) => {
    variable.assign(kept[i]!)
  })
  return after
}

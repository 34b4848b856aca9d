/**
 * Writes tests/fixtures/hosts/explanation.safetensors, which the tests and the pictures of hosts
 * show: a digit that the demo's model reads, and the training digits that led to it:
 *
 *     npm run data:hosts
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import * as tf from '@tensorflow/tfjs'
import { encodeFrame } from 'gradlens/frame'
import { GradientSimilarity } from '../../src/index.js'
import { tfjsPredictor } from '../../src/tfjs/index.js'
import { argMax, toArray } from '../evaluate/mnist-format.js'
import { toInput } from '../train/batches.js'
import { readModel } from '../train/model.js'
import { DataFolder } from './data-folder.js'
import { CLASS_NAMES } from './mnist-digits.js'

/** A four among the held-out digits. */
const EXPLAINED = 4
const TARGET = 'tests/fixtures/hosts'

const folder = new DataFolder('mnist')
const model = await readModel(folder)
const references = folder.readImages('references')
const heldOut = folder.readImages('held-out')
const size = heldOut.images.length / heldOut.labels.length
const one = {
  images: heldOut.images.subarray(EXPLAINED * size, (EXPLAINED + 1) * size),
  labels: heldOut.labels.subarray(EXPLAINED, EXPLAINED + 1),
}
const oneHot = (labels: Uint8Array): tf.Tensor =>
  tf.oneHot(tf.tensor1d([...labels], 'int32'), CLASS_NAMES.length)

using explainer = new GradientSimilarity(tfjsPredictor(model), 'categoricalCrossentropy', {
  simFn: 'grad_cos',
  device: 'cpu',
})
await explainer.fit(await toArray(toInput(references)), await toArray(oneHot(references.labels)))
const predicted = argMax(await toArray(model.predict(toInput(one)) as tf.Tensor))
const explanation = await explainer.explain(await toArray(toInput(one)))
console.log({
  label: one.labels[0],
  predicted: predicted.data[0],
  first: explanation.data.orderedIndices.data[0],
})
mkdirSync(TARGET, { recursive: true })
const side = {
  trainLabels: [...references.labels],
  labels: CLASS_NAMES,
  predicted: predicted.data[0],
}
writeFileSync(
  `${TARGET}/explanation.safetensors`,
  encodeFrame(explanation, side, { dtype: 'float16' }),
)

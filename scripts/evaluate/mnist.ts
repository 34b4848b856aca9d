/**
 * Evaluates the explanations of the demo's model with gradlens/evaluation, in Node on wasm. Prints
 * the tables of docs/guides/evaluation.md:
 *
 *     npm run evaluate:mnist
 */
import * as tf from '@tensorflow/tfjs'
import { DataFolder } from '../data/data-folder.js'
import type { LabelledImages } from '../data/images.js'
import { CLASS_NAMES } from '../data/mnist-digits.js'
import { attributionTable } from './mnist-attributions.js'
import { similarityTable } from './mnist-similarity.js'
import { registerRepairs } from '../train/loop.js'
import { readModel } from '../train/model.js'

const ATTRIBUTED_COUNT = 50
const RANKED_COUNT = 200

const first = ({ images, labels }: LabelledImages, count: number): LabelledImages => ({
  images: images.subarray(0, (images.length / labels.length) * count),
  labels: labels.subarray(0, count),
})

registerRepairs()
await tf.setBackend('wasm')
const startedAt = performance.now()
const folder = new DataFolder('mnist')
const model = await readModel(folder)
const heldOut = folder.readImages('held-out')
const references = folder.readImages('references')

console.log(await attributionTable(model, first(heldOut, ATTRIBUTED_COUNT)))
console.log(
  await similarityTable(model, references, first(heldOut, RANKED_COUNT), CLASS_NAMES.length),
)
console.log(`${((performance.now() - startedAt) / 1000).toFixed(0)} s`)

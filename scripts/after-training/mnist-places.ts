/**
 * Places the demo's training digits in the plane by the directions of their gradients: digits whose
 * gradients have a high cosine are close. Writes places.json, one pair of whole numbers from 0 to 1000 for
 * each digit. Run it again after train:mnist:
 *
 *     npm run places:mnist
 */
import * as tf from '@tensorflow/tfjs'
import '@tensorflow/tfjs-backend-wasm'
import { GradientSimilarity } from '../../src/index.js'
import { tfjsPredictor } from '../../src/tfjs/index.js'
import { DataFolder } from '../data/data-folder.js'
import { CLASS_NAMES } from '../data/mnist-digits.js'
import { seededRandom, toNormal } from '../data/random.js'
import { toArray } from '../evaluate/mnist-format.js'
import { toInput } from '../train/batches.js'
import { readModel } from '../train/model.js'
import { placeByDistance } from './tsne.js'

const extent = 1000
const seed = 1

await tf.setBackend('wasm')
const folder = new DataFolder('mnist')
const references = folder.readImages('references')
const count = references.labels.length
const x = await toArray(toInput(references))
const y = await toArray(tf.oneHot(tf.tensor1d([...references.labels], 'int32'), CLASS_NAMES.length))
using explainer = new GradientSimilarity(
  tfjsPredictor(await readModel(folder)),
  'categoricalCrossentropy',
  { simFn: 'grad_cos', precomputeGrads: true, device: 'wasm' },
)
await explainer.fit(x, y)
const { scores, orderedIndices } = (await explainer.explain(x, y)).data

const distances = new Float64Array(count * count)
for (let i = 0; i < count; i++) {
  for (let rank = 0; rank < count; rank++) {
    const at = i * count + rank
    distances[i * count + orderedIndices.data[at]!] = Math.max(0, 1 - scores.data[at]!)
  }
}
const places = placeByDistance(distances, count, toNormal(seededRandom(seed)))
const greatest = places.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
await folder.writeJson('places.json', {
  extent,
  places: Array.from(places, (value) => Math.round((extent * (1 + value / greatest)) / 2)),
  method: 't-SNE of the distances 1 − cosine of the training digits’ gradients, perplexity 30',
  command: 'npm run places:mnist',
})

/**
 * Trains the model of the demo's reviews with TensorFlow.js only, on its wasm backend in Node, with
 * the data of scripts/data/reviews.ts. Writes model.json, weights.bin and training.json next to
 * them:
 *
 *     npm run train:reviews
 *
 * The recipe was chosen by five-fold cross-validation on the training sentences. The held-out
 * sentences are measured at the end.
 */
import * as tf from '@tensorflow/tfjs'
import '@tensorflow/tfjs-backend-wasm'
import { Vocabulary } from '../../demo/data/review-tokens.js'
import { DataFolder } from '../data/data-folder.js'
import { CLASS_NAMES, TRAINING_COUNT, type Sentence } from '../data/reviews-sentences.js'
import { registerRepairs } from './loop.js'
import { readModel, writeModel } from './model.js'
import { measureReviews } from './reviews/accuracy.js'
import { encodeAll, trainReviews, type ReviewsRecipe } from './reviews/loop.js'
import { createNet } from './reviews/net.js'

const recipe = {
  optimizer: 'Adam',
  loss: 'categorical cross-entropy',
  epochs: 15,
  batchSize: 32,
  learningRate: 0.01,
  learningRateSchedule: 'half a cosine, to 0 at the last step',
  labelSmoothing: 0.1,
  wordDropout: 0.1,
  initializerSeed: 1,
  batchAndDropoutSeed: 1,
} as const satisfies ReviewsRecipe & Readonly<Record<string, unknown>>

registerRepairs()
await tf.setBackend('wasm')
const folder = new DataFolder('reviews')
const sentences = folder.readJson('sentences.json') as Sentence[]
const vocabulary = new Vocabulary(folder.readJson('vocabulary.json') as string[])
const training = encodeAll(sentences.slice(0, TRAINING_COUNT), vocabulary)
const heldOut = encodeAll(sentences.slice(TRAINING_COUNT), vocabulary)

const startedAt = performance.now()
const net = createNet(recipe.initializerSeed, vocabulary.size, CLASS_NAMES.length)
trainReviews(net, training, recipe)
const wallTimeSeconds = Math.round((performance.now() - startedAt) / 1000)

await writeModel(folder, net)
const model = await readModel(folder)
const measured = measureReviews(model, heldOut)
const { alsoInTraining } = (
  folder.readJson('index.json') as { heldOut: { alsoInTraining: number[] } }
).heldOut
const unseen = {
  count: measured.count - alsoInTraining.length,
  correct:
    measured.correct - alsoInTraining.filter((i) => !measured.misclassified.includes(i)).length,
}
await folder.writeJson('training.json', {
  heldOut: measured,
  heldOutNotInTraining: { ...unseen, accuracy: unseen.correct / unseen.count },
  training: measureReviews(model, training),
  heldOutUse:
    'measured after training; never trained on, nor used to choose the recipe or the epoch',
  parameterCount: model.countParams(),
  recipe,
  tfjs: tf.version.tfjs,
  backend: tf.getBackend(),
  trainedAt: new Date().toISOString(),
  wallTimeSeconds,
  command: 'npm run train:reviews',
})
console.log(`held-out accuracy ${measured.accuracy}, ${wallTimeSeconds} s`)

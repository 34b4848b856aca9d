import * as tf from '@tensorflow/tfjs'
import '@tensorflow/tfjs-backend-wasm'
import { kernelRepairs } from '../../src/tfjs/repairs/kernels.js'
import { takeImages, type LabelledImages } from '../data/images.js'
import { seededRandom, shuffledIndices, type Random } from '../data/random.js'
import { shiftImages, toInput } from './batches.js'
import { trainingLogits } from './logits.js'
import { CosineAdam } from './optimizer.js'

export interface Recipe {
  readonly epochs: number
  readonly batchSize: number
  /** The learning rate of the first step. It falls to 0 by half a cosine. */
  readonly learningRate: number
  readonly maxShiftPixels: number
  readonly batchAndDropoutSeed: number
}

/** Registers the repairs in tfjs's global registry, because this process belongs to us. */
export function registerRepairs(): void {
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
  batch: LabelledImages,
  random: Random,
): number {
  const classCount = (net.outputShape as tf.Shape).at(-1) ?? 1
  return tf.tidy(() => {
    const images = toInput(batch)
    const labels = tf.oneHot(tf.tensor1d(batch.labels, 'int32'), classCount)
    const loss = optimizer.minimize(
      () => tf.losses.softmaxCrossEntropy(labels, trainingLogits(net, images, random)),
      true,
    )
    return loss?.dataSync()[0] ?? NaN
  })
}

/** Trains on whole-pixel shifts of the images, and prints the progress. */
export function trainNet(net: tf.Sequential, set: LabelledImages, recipe: Recipe): void {
  const random = seededRandom(recipe.batchAndDropoutSeed)
  const count = set.labels.length
  const stepsPerEpoch = Math.ceil(count / recipe.batchSize)
  const optimizer = new CosineAdam(recipe.learningRate, recipe.epochs * stepsPerEpoch)
  for (let epoch = 1; epoch <= recipe.epochs; epoch++) {
    const startedAt = performance.now()
    const order = shuffledIndices(count, random)
    let lossSum = 0
    for (let start = 0; start < count; start += recipe.batchSize) {
      optimizer.advance()
      const batch = takeImages(set, order.subarray(start, start + recipe.batchSize))
      const shifted = shiftImages(batch, recipe.maxShiftPixels, random)
      lossSum += trainStep(net, optimizer, shifted, random) * batch.labels.length
    }
    const seconds = (performance.now() - startedAt) / 1000
    console.log(
      `epoch ${epoch}/${recipe.epochs}: loss ${(lossSum / count).toFixed(4)}, ${seconds.toFixed(0)} s`,
    )
  }
  optimizer.dispose()
}

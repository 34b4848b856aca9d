import * as tf from '@tensorflow/tfjs'
import type { NdArray } from '../../../src/index.js'
import { seededRandom, shuffledIndices } from '../../data/random.js'
import { CosineAdam } from '../../train/optimizer.js'

/** A network of the demo with its examples, to be trained again on some of them. */
export interface RetrainedCase {
  readonly name: string
  readonly x: NdArray
  readonly labels: Int32Array
  readonly classCount: number
  readonly testX: NdArray
  readonly testLabels: Int32Array
  readonly epochs: number
  /** The epochs of training on wrong labels: fewer than it takes to learn most of them by heart. */
  readonly mislabelledEpochs: number
  readonly batchSize: number
  readonly learningRate: number
  readonly createNet: (seed: number) => tf.Sequential
  readonly computeLogits: (net: tf.Sequential, input: tf.Tensor) => tf.Tensor
}

/** A point of the training, with the mean learning rate of the steps that led to it. */
export interface SavedPoint {
  readonly weights: tf.Tensor[]
  readonly learningRate: number
}

/**
 * Trains a network on some of the examples, by Adam with a cosine schedule, without dropout and augmentation: what a model
 * answers then depends on its examples and little else.
 *
 * @param rows the examples; `labels` has a label for each of them
 * @param pointCount how many points of the training are saved, at equal distances
 */
export function trainCase(
  { x, classCount, epochs, batchSize, learningRate, createNet, computeLogits }: RetrainedCase,
  rows: Uint32Array,
  labels: Int32Array,
  seed: number,
  pointCount = 0,
): { readonly net: tf.Sequential; readonly points: readonly SavedPoint[] } {
  const net = createNet(seed)
  const random = seededRandom(seed)
  const stepCount = epochs * Math.ceil(rows.length / batchSize)
  const optimizer = new CosineAdam(learningRate, stepCount)
  const points: SavedPoint[] = []
  let step = 0
  let rateSum = 0
  let rateCount = 0
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = shuffledIndices(rows.length, random)
    for (let start = 0; start < rows.length; start += batchSize) {
      const chosen = order.subarray(start, start + batchSize)
      optimizer.advance()
      tf.tidy(() => {
        const input = takeInput(
          x,
          Array.from(chosen, (i) => rows[i]!),
        )
        const own = Int32Array.from(chosen, (i) => labels[i]!)
        const oneHot = tf.oneHot(tf.tensor1d(own, 'int32'), classCount)
        optimizer.minimize(() => tf.losses.softmaxCrossEntropy(oneHot, computeLogits(net, input)))
      })
      rateSum += optimizer.currentRate
      rateCount++
      step++
      if (pointCount > 0 && step === Math.round(((points.length + 1) * stepCount) / pointCount)) {
        const weights = net.getWeights().map((weight) => weight.clone())
        points.push({ weights, learningRate: rateSum / rateCount })
        rateSum = 0
        rateCount = 0
      }
    }
  }
  optimizer.dispose()
  return { net, points }
}

function takeInput({ data, shape }: NdArray, rows: readonly number[]): tf.Tensor {
  const size = data.length / shape[0]!
  const values = new Float32Array(rows.length * size)
  for (const [at, row] of rows.entries()) {
    values.set(data.subarray(row * size, (row + 1) * size), at * size)
  }
  const dtype = data instanceof Int32Array ? 'int32' : 'float32'
  return tf.tensor(values, [rows.length, ...shape.slice(1)], dtype)
}

/** Minus the loss of each test example: what scores predict. */
export function measureOutputs(
  { testX, testLabels, classCount, computeLogits }: RetrainedCase,
  net: tf.Sequential,
): Float32Array {
  return tf.tidy(() => {
    const rows = Array.from(testLabels, (_, i) => i)
    const oneHot = tf.oneHot(tf.tensor1d(testLabels, 'int32'), classCount)
    const logs = tf.logSoftmax(computeLogits(net, takeInput(testX, rows)))
    return tf.sum(tf.mul(oneHot, logs), 1).dataSync() as Float32Array
  })
}

/** The share of the marked examples that the network answers with their given label. */
export function measureShareFitted(
  { x, computeLogits }: RetrainedCase,
  net: tf.Sequential,
  labels: Int32Array,
  marks: Uint8Array,
): number {
  const rows = [...marks.keys()].filter((i) => marks[i] === 1)
  const predicted = tf.tidy(() => tf.argMax(computeLogits(net, takeInput(x, rows)), 1).dataSync())
  return rows.filter((row, k) => predicted[k] === labels[row]).length / rows.length
}

import * as tf from '@tensorflow/tfjs'
import type { LossFunction, NdArray } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { devices, useDevice } from '../../support/devices/devices.js'
import { materializedGradients } from '../../support/references/materialized-gradients.js'
import { hostGradients } from '../../support/gradients/host-block.js'
import { disposedAfterTest, setWeights } from '../../support/models/models.js'
import { seededRandom, uniform } from '../../support/random.js'
import {
  expectSameGradient,
  layersModelOf,
  singleGradient,
} from '../../support/references/single-gradients.js'

type Loss = LossFunction<tf.Tensor>

const exampleCount = 12
const fullCount = 8
const positions = 4
const classCount = 3

/** Padding is −1, at the end of the shorter examples. */
const maskOf = (yTrue: tf.Tensor): tf.Tensor => yTrue.greaterEqual(0).toFloat()

const classWeights = (yTrue: tf.Tensor): tf.Tensor =>
  tf.gather(tf.tensor1d([1, 5, 0.2]), yTrue.maximum(0).toInt()).mul(maskOf(yTrue))

const crossEntropies = (yTrue: tf.Tensor, yPred: tf.Tensor): tf.Tensor => {
  const oneHot = tf.oneHot(yTrue.maximum(0).toInt(), classCount).toFloat()
  return tf.logSoftmax(yPred).mul(oneHot).sum(-1).neg()
}

/** What users write for sequences and weighted classes. yTrue is [n, 4], yPred [n, 4, 3]. */
const lossFunctions: readonly { readonly title: string; readonly lossFn: Loss }[] = [
  {
    title: 'divides by the positions that count in its batch',
    lossFn: (yTrue, yPred) => {
      const mask = maskOf(yTrue)
      return crossEntropies(yTrue, yPred).mul(mask).sum().div(mask.sum())
    },
  },
  {
    title: 'divides by the class weights of its batch',
    lossFn: (yTrue, yPred) => {
      const weights = classWeights(yTrue)
      return crossEntropies(yTrue, yPred).mul(weights).sum().div(weights.sum())
    },
  },
  {
    title: 'uses weights of TensorFlow.js, which counts those that are not zero',
    lossFn: (yTrue, yPred) =>
      tf.losses.meanSquaredError(
        yTrue.maximum(0).expandDims(-1).tile([1, 1, classCount]),
        yPred,
        maskOf(yTrue).expandDims(-1).tile([1, 1, classCount]),
      ),
  },
  {
    title: 'returns one value per example, normalized over the batch',
    lossFn: (yTrue, yPred) => {
      const weights = classWeights(yTrue)
      return crossEntropies(yTrue, yPred).mul(weights).sum(1).div(weights.mean())
    },
  },
  {
    title: 'returns one value per example, divided by the size of the batch',
    lossFn: (yTrue, yPred) => crossEntropies(yTrue, yPred).sum(1).div(yPred.shape[0]),
  },
  {
    title: 'takes a root of the mean over the batch',
    lossFn: (yTrue, yPred) =>
      crossEntropies(yTrue, yPred).mul(maskOf(yTrue)).square().mean().sqrt(),
  },
  {
    title: 'normalizes predictions over the batch',
    lossFn: (yTrue, yPred) => crossEntropies(yTrue, yPred.div(yPred.square().sum().add(1))).sum(),
  },
]

/** TensorFlow.js reads what is on the GPU into JavaScript asynchronously alone. */
const readingFunctions: typeof lossFunctions = [
  {
    title: 'reads its normalizer into JavaScript',
    lossFn: (yTrue, yPred) => {
      const [count] = maskOf(yTrue).sum().dataSync()
      return crossEntropies(yTrue, yPred).mul(maskOf(yTrue)).sum().div(count!)
    },
  },
]

const orders: Readonly<Record<string, readonly number[]>> = {
  'sorted by length': Array.from({ length: exampleCount }, (_, i) => i),
  shuffled: Array.from({ length: exampleCount }, (_, i) => (i * 7) % exampleCount),
}

/** Full examples, all of class 0, then shorter ones of all classes. */
function examples(order: readonly number[]): { x: NdArray; y: NdArray } {
  const random = seededRandom(31)
  const inputs = uniform(random, exampleCount * positions * 2, [-1, 1])
  const labels = Float32Array.from({ length: exampleCount * positions }, (_, at) => {
    const [i, t] = [Math.floor(at / positions), at % positions]
    if (i < fullCount) return 0
    return t < 1 + (i % 3) ? at % classCount : -1
  })
  return {
    x: { data: reordered(inputs, order), shape: [exampleCount, positions, 2] },
    y: { data: reordered(labels, order), shape: [exampleCount, positions] },
  }
}

function reordered(data: Float32Array, order: readonly number[]): Float32Array {
  const size = data.length / order.length
  return Float32Array.from(order.flatMap((i) => [...data.subarray(i * size, (i + 1) * size)]))
}

const part = ({ data, shape }: NdArray, start: number, end: number): NdArray => {
  const size = data.length / shape[0]!
  return { data: data.slice(start * size, end * size), shape: [end - start, ...shape.slice(1)] }
}

/** A dense layer at each position. */
function sequenceNet(): tf.LayersModel {
  const layer = tf.layers.dense({ units: classCount, inputShape: [positions, 2] })
  const model = disposedAfterTest(tf.sequential({ layers: [layer] }))
  setWeights(model, [
    [
      [0.7, -0.4, 0.2],
      [0.1, 0.5, -0.9],
    ],
    [0.3, -0.2, 0.1],
  ])
  return model
}

describe.each(devices)('a loss function on %s', (device) => {
  beforeAll(() => useDevice('cpu'))

  describe.each(Object.entries(orders))('with examples %s', (_, order) => {
    it.each(device === 'webgpu' ? lossFunctions : [...lossFunctions, ...readingFunctions])(
      'that $title is used with its value for one example',
      async ({ lossFn }) => {
        const model = sequenceNet()
        const { x, y } = examples(order)
        const differentiable = layersModelOf(model)
        const expected = order.map((_, row) => singleGradient(differentiable, [x], y, row, lossFn))
        for (const batchSize of [1, 5, fullCount, exampleCount]) {
          using session = await tfjsPredictor(model).open(device, { allowSoftware: true })
          for (let start = 0; start < exampleCount; start += batchSize) {
            const end = Math.min(start + batchSize, exampleCount)
            const block = await hostGradients(
              session,
              [part(x, start, end)],
              part(y, start, end),
              lossFn,
            )
            for (let row = start; row < end; row++) {
              expectSameGradient(
                materializedGradients(block, row - start),
                expected[row]!,
                differentiable,
              )
            }
          }
        }
      },
    )
  })

  it('may return [1], [1, 1] or a scalar for one example', async () => {
    const model = sequenceNet()
    const { x, y } = examples(orders['shuffled']!)
    using session = await tfjsPredictor(model).open(device, { allowSoftware: true })
    const shapes = [[], [1], [1, 1]]
    const blocks = []
    for (const shape of shapes) {
      const lossFn: Loss = (yTrue, yPred) => crossEntropies(yTrue, yPred).sum().reshape(shape)
      blocks.push(await hostGradients(session, [x], y, lossFn))
    }
    const [first, ...others] = blocks.map((block) => materializedGradients(block, 11))
    for (const other of others) expect(other).toEqual(first)
  })
})

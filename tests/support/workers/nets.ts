import * as tf from '@tensorflow/tfjs'
import type { NdArray } from 'gradlens'
import { seededRandom, uniform } from '../random.js'

const pictureSize = 16
const classCount = 4

/** A small convolutional net, the same in each worker and in the page. */
export function createPictureNet(): tf.LayersModel {
  const model = tf.sequential({
    layers: [
      tf.layers.conv2d({
        inputShape: [pictureSize, pictureSize, 1],
        ...{ kernelSize: 3, filters: 8, padding: 'same', activation: 'relu' },
      }),
      tf.layers.maxPooling2d({ poolSize: 2 }),
      tf.layers.flatten(),
      tf.layers.dense({ units: classCount, activation: 'softmax' }),
    ],
  })
  return withSeededWeights(model)
}

/** A net so small that an emulated GPU compiles its shaders in seconds. */
export const createDenseNet = (): tf.LayersModel =>
  withSeededWeights(
    tf.sequential({
      layers: [
        tf.layers.dense({ units: 3, inputShape: [2], activation: 'tanh' }),
        tf.layers.dense({ units: classCount, activation: 'softmax' }),
      ],
    }),
  )

function withSeededWeights(model: tf.LayersModel): tf.LayersModel {
  const random = seededRandom(11)
  tf.tidy(() => {
    model.setWeights(
      model
        .getWeights()
        .map(({ shape, size }) => tf.tensor(uniform(random, size, [-0.3, 0.3]), shape)),
    )
  })
  return model
}

/** Pictures of random grey values, [count, size, size, 1]. */
export const pictures = (count: number, seed: number): NdArray => ({
  data: Float32Array.from(uniform(seededRandom(seed), count * pictureSize ** 2, [0, 1])),
  shape: [count, pictureSize, pictureSize, 1],
})

export const pictureClasses = (count: number): NdArray => ({
  data: Int32Array.from({ length: count }, (_, k) => k % classCount),
  shape: [count],
})

import * as tf from '@tensorflow/tfjs'
import { disposedAfterTest } from './models.js'
import { seededRandom, uniform } from '../random.js'

export interface MixingModel {
  readonly title: string
  /** A classifier of vectors of 4 numbers into 3 classes, by logits; it is disposed when the test ends. */
  readonly build: () => tf.LayersModel
}

/**
 * Models whose output for one example depends on the others of its batch. Their output for an example
 * alone is different, so the gradient of a batch is not the sum of the gradients of its examples.
 */
export const mixingModels: readonly MixingModel[] = [
  {
    title: 'subtracts the mean of the batch',
    build: () => around((x) => x.sub(x.mean(0, true))),
  },
  {
    title: 'attends to the other examples of the batch',
    build: () => around((x) => tf.matMul(tf.softmax<tf.Tensor2D>(tf.matMul(x, x, false, true)), x)),
  },
  {
    title: 'gives each example the output of another one',
    build: () => around((x) => tf.reverse(x, 0)),
  },
  {
    title: 'scales by the largest value of the batch',
    build: () => around((x) => x.div(x.abs().max().add(1))),
  },
]

/** The mixing is between two dense layers: one has mixed δ, the other mixed inputs. */
function around(mix: (x: tf.Tensor2D) => tf.Tensor): tf.LayersModel {
  class Mixing extends tf.layers.Layer {
    static readonly className = 'Mixing'
    override call(x: tf.Tensor | tf.Tensor[]): tf.Tensor {
      return tf.tidy(() => mix((Array.isArray(x) ? x[0]! : x) as tf.Tensor2D))
    }
  }
  const input = tf.input({ shape: [4] })
  const layers = [
    tf.layers.dense({ units: 5, activation: 'tanh' }),
    new Mixing({}),
    tf.layers.dense({ units: 3 }),
  ]
  const outputs = layers.reduce<tf.SymbolicTensor>(
    (tensor, layer) => layer.apply(tensor) as tf.SymbolicTensor,
    input,
  )
  const model = disposedAfterTest(tf.model({ inputs: input, outputs }))
  const random = seededRandom(11)
  tf.tidy(() => {
    model.setWeights(
      model.weights.map(({ shape }) =>
        tf.tensor(
          uniform(random, tf.util.sizeFromShape(shape as number[]), [-0.8, 0.8]),
          shape as number[],
        ),
      ),
    )
  })
  return model
}

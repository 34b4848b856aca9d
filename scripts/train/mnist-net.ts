import * as tf from '@tensorflow/tfjs'
import { IMAGE_SHAPE } from '../data/images.js'

/** Creates the network of alibi's MNIST notebook for gradient similarity: 412,778 parameters. */
export function createNet(seed: number, classCount: number): tf.Sequential {
  const initializer = (layer: number): ReturnType<typeof tf.initializers.glorotUniform> =>
    tf.initializers.glorotUniform({ seed: seed + layer })
  return tf.sequential({
    name: 'mnist',
    layers: [
      tf.layers.conv2d({
        name: 'conv_1',
        inputShape: [...IMAGE_SHAPE],
        filters: 64,
        kernelSize: 2,
        padding: 'same',
        activation: 'relu',
        kernelInitializer: initializer(1),
      }),
      tf.layers.maxPooling2d({ name: 'pool_1', poolSize: 2 }),
      tf.layers.dropout({ name: 'dropout_1', rate: 0.3 }),
      tf.layers.conv2d({
        name: 'conv_2',
        filters: 32,
        kernelSize: 2,
        padding: 'same',
        activation: 'relu',
        kernelInitializer: initializer(2),
      }),
      tf.layers.maxPooling2d({ name: 'pool_2', poolSize: 2 }),
      tf.layers.dropout({ name: 'dropout_2', rate: 0.3 }),
      tf.layers.flatten({ name: 'flatten' }),
      tf.layers.dense({
        name: 'dense_1',
        units: 256,
        activation: 'relu',
        kernelInitializer: initializer(3),
      }),
      tf.layers.dropout({ name: 'dropout_3', rate: 0.5 }),
      tf.layers.dense({
        name: 'dense_2',
        units: classCount,
        activation: 'softmax',
        kernelInitializer: initializer(4),
      }),
    ],
  })
}

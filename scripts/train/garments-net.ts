import * as tf from '@tensorflow/tfjs'
import { IMAGE_SHAPE } from '../data/images.js'

/** Creates a network that is small enough for phones: 56,714 parameters for 10 classes. */
export function createGarmentsNet(seed: number, classCount: number): tf.Sequential {
  const initializer = (layer: number): ReturnType<typeof tf.initializers.glorotUniform> =>
    tf.initializers.glorotUniform({ seed: seed + layer })
  return tf.sequential({
    name: 'garments',
    layers: [
      tf.layers.conv2d({
        name: 'conv_1',
        inputShape: [...IMAGE_SHAPE],
        filters: 16,
        kernelSize: 3,
        activation: 'relu',
        kernelInitializer: initializer(1),
      }),
      tf.layers.maxPooling2d({ name: 'pool_1', poolSize: 2 }),
      tf.layers.conv2d({
        name: 'conv_2',
        filters: 32,
        kernelSize: 3,
        activation: 'relu',
        kernelInitializer: initializer(2),
      }),
      tf.layers.maxPooling2d({ name: 'pool_2', poolSize: 2 }),
      tf.layers.flatten({ name: 'flatten' }),
      tf.layers.dropout({ name: 'dropout_1', rate: 0.3 }),
      tf.layers.dense({
        name: 'dense_1',
        units: 64,
        activation: 'relu',
        kernelInitializer: initializer(3),
      }),
      tf.layers.dense({
        name: 'dense_2',
        units: classCount,
        activation: 'softmax',
        kernelInitializer: initializer(4),
      }),
    ],
  })
}

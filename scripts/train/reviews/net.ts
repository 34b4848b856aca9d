import * as tf from '@tensorflow/tfjs'
import { reviewLength } from '../../../demo/data/review-tokens.js'

/**
 * Creates a net of word vectors, a convolution over three neighbouring words, and their mean. The
 * vector of padding stays zero, because the mask after it stops its gradient. The convolution has
 * no bias, so padding adds nothing to the mean.
 */
export function createNet(seed: number, vocabularySize: number, classCount: number): tf.Sequential {
  const normal = (layer: number, stddev: number): ReturnType<typeof tf.initializers.randomNormal> =>
    tf.initializers.randomNormal({ mean: 0, stddev, seed: seed + layer })
  const net = tf.sequential({
    name: 'reviews',
    layers: [
      tf.layers.embedding({
        name: 'words',
        inputDim: vocabularySize,
        outputDim: 16,
        inputLength: reviewLength,
        embeddingsInitializer: normal(1, 0.1),
      }),
      tf.layers.masking({ name: 'mask', maskValue: 0 }),
      tf.layers.dropout({ name: 'dropout_1', rate: 0.5 }),
      tf.layers.conv1d({
        name: 'phrases',
        filters: 32,
        kernelSize: 3,
        padding: 'same',
        activation: 'tanh',
        useBias: false,
        kernelInitializer: normal(2, 0.15),
      }),
      tf.layers.globalAveragePooling1d({ name: 'mean' }),
      tf.layers.dropout({ name: 'dropout_2', rate: 0.5 }),
      tf.layers.dense({
        name: 'sentiment',
        units: classCount,
        activation: 'softmax',
        kernelInitializer: normal(3, 0.4),
      }),
    ],
  })
  clearPadding(net)
  return net
}

function clearPadding(net: tf.Sequential): void {
  tf.tidy(() => {
    const [vectors, ...others] = net.getWeights()
    if (!vectors) throw new Error('the net has no word vectors')
    const words = vectors.slice([1, 0])
    net.setWeights([tf.concat([tf.zeros([1, words.shape[1] ?? 0]), words]), ...others])
  })
}

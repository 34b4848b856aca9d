import * as tf from '@tensorflow/tfjs'
import { UnsupportedError } from '../../../errors.js'
import type { Gradient, Kernel } from '../../kernel.js'
import { splitAt, withLength } from '../axes.js'

/** The gradient of depth-to-space is space-to-depth, for which tfjs has no kernel. */
export const depthToSpaceGradient: Gradient = ([dy], { inputs, attributes }) => {
  const { blockSize, dataFormat } = attributes as { blockSize: number; dataFormat: string }
  if (dataFormat !== 'NHWC') {
    throw new UnsupportedError(
      'DepthToSpace',
      `DepthToSpace has data format ${dataFormat}, for which there is no gradient here; convert the model to ` +
        'channels last (NHWC).',
    )
  }
  return {
    x: () =>
      tf.tidy(() => {
        const [batch, rows, columns, depth] = (inputs['x'] as tf.Tensor4D).shape
        const blocks = tf.reshape(dy!, [batch * rows, blockSize, columns, depth / blockSize])
        return tf.reshape(tf.transpose(blocks, [0, 2, 1, 3]), [batch, rows, columns, depth])
      }),
  }
}

export const flipLeftRightGradient: Gradient = ([dy]) => ({
  image: () => tf.reverse(dy!, 2),
})

/** The copies summed, axis by axis; tfjs's own slices them one by one and ends at rank 4. */
export const tileGradient: Gradient = ([dy], { inputs, attributes }) => ({
  x: () =>
    tf.tidy(() => {
      const { shape } = inputs['x']!
      const { reps } = attributes as { reps: readonly number[] }
      return reps.reduce<tf.Tensor>(
        (gradient, count, axis) => {
          if (count === 1) return gradient
          const length = shape[axis]!
          const [before, , behind] = splitAt(gradient, axis).shape
          const copies = tf.reshape(gradient, [before, count, length * behind])
          return tf.reshape(tf.sum(copies, 1), withLength(gradient.shape, axis, length))
        },
        tf.reshape(dy!, dy!.shape),
      )
    }),
})

/**
 * The wasm backend's own Identity copies the data, where the other backends share them. TensorFlow.js
 * clones each tensor that it saves for a gradient.
 */
export const shareData: Kernel = ({ x }) => tf.reshape(x!, x!.shape)

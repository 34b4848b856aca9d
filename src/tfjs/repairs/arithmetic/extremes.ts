import * as tf from '@tensorflow/tfjs'
import type { Gradient } from '../../kernel.js'

/**
 * The gradient of a reduction to the largest or smallest value: tied values share it equally, as in
 * TensorFlow. TensorFlow.js gives each of them the whole gradient.
 */
const sharedGradient =
  (axesName: 'axis' | 'reductionIndices'): Gradient =>
  ([dy], { inputs, outputs, attributes }) => ({
    x: () =>
      tf.tidy(() => {
        const x = inputs['x']!
        const axes = tf.util.parseAxisParam(attributes[axesName] as number | number[], x.shape)
        const kept = x.shape.map((length, axis) => (axes.includes(axis) ? 1 : length))
        const isTied = tf.cast(tf.equal(x, tf.reshape(outputs[0]!, kept)), 'float32')
        const share = tf.div(tf.reshape(dy!, kept), tf.sum(isTied, axes, true))
        return tf.mul(isTied, share)
      }),
  })

export const maxGradient: Gradient = sharedGradient('reductionIndices')
export const minGradient: Gradient = sharedGradient('axis')

import * as tf from '@tensorflow/tfjs'
import type { Gradient } from '../kernel.js'
import { runKernel } from './run-kernel.js'

/**
 * The gradient of a kernel that only picks elements of one input: the kernel itself, applied to the elements'
 * numbers, says where each output came from, and dy is added up there.
 */
export function gatheredGradient(kernelName: string, inputName: string): Gradient {
  return ([dy], { inputs, attributes }) => ({
    [inputName]: () =>
      tf.tidy(() => {
        const { shape, size } = inputs[inputName] as tf.Tensor
        const numbers = tf.reshape(tf.range(0, size, 1, 'int32'), shape)
        const sources = runKernel(kernelName, { ...inputs, [inputName]: numbers }, attributes)
        const segments = tf.reshape(sources, [-1]) as tf.Tensor1D
        const gradient = tf.reshape(dy as tf.Tensor, [-1])
        return tf.reshape(tf.unsortedSegmentSum(gradient, segments, size), shape)
      }),
  })
}

/** outputs: the values, and where in its row each of them stood. */
export const topKGradient: Gradient = ([dy], { inputs, outputs }) => ({
  x: () =>
    tf.tidy(() => {
      const { shape, size } = inputs['x'] as tf.Tensor
      const width = shape.at(-1) as number
      const within = outputs[1] as tf.Tensor
      const rows = tf.range(0, size, width, 'int32')
      const count = within.shape.at(-1) as number
      const sources = tf.add(tf.reshape(within, [-1, count]), tf.reshape(rows, [-1, 1]))
      const gradient = tf.reshape(dy as tf.Tensor, [-1])
      const segments = tf.reshape(sources, [-1]) as tf.Tensor1D
      return tf.reshape(tf.unsortedSegmentSum(gradient, segments, size), shape)
    }),
})

/** Elements that were added up in one place all see the gradient of that place. */
export const scatterNdGradient: Gradient = ([dy], { inputs }) => ({
  updates: () => tf.gatherND(dy as tf.Tensor, inputs['indices'] as tf.Tensor),
})

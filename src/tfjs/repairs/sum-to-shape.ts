import * as tf from '@tensorflow/tfjs'

/**
 * Returns the gradient of a broadcast operand: the sum over the repeated axes.
 */
export function sumToShape(gradient: tf.Tensor, shape: readonly number[]): tf.Tensor {
  const target = [...shape]
  const added = gradient.rank - target.length
  const axes = gradient.shape.flatMap((length, axis) =>
    axis < added || (target[axis - added] === 1 && length !== 1) ? [axis] : [],
  )
  const summed = axes.length > 0 ? tf.sum(gradient, axes) : gradient
  return tf.reshape(summed, target)
}

import * as tf from '@tensorflow/tfjs'
import type { Gradient } from '../../kernel.js'
import { findHeap } from '../../kernels/heap.js'

/** The smallest positive float32: x ≥ this is x > 0. */
const leastPositive = 2 ** -149

/** dy where least ≤ x ≤ greatest, else 0; on wasm in one kernel, where tfjs takes five. */
function passWithin(x: tf.Tensor, dy: tf.Tensor, least: number, greatest: number): tf.Tensor {
  const onHeap = findHeap()
  if (onHeap === undefined) {
    const isWithin = tf.logicalAnd(tf.greaterEqual(x, least), tf.lessEqual(x, greatest))
    return tf.where(isWithin, dy, tf.zerosLike(dy))
  }
  const { kernels, addressOf, allocate } = onHeap
  const dx = allocate(x.shape)
  kernels.clipGradient(...[x, dy, dx].map(addressOf), x.size, least, greatest)
  return dx
}

/** At both ends the gradient passes, as in TensorFlow. */
export const clipByValueGradient: Gradient = ([dy], { inputs, attributes }) => {
  const { clipValueMin, clipValueMax } = attributes as Readonly<Record<string, number>>
  return { x: () => tf.tidy(() => passWithin(inputs['x']!, dy!, clipValueMin!, clipValueMax!)) }
}

export const relu6Gradient: Gradient = ([dy], { inputs }) => ({
  x: () => tf.tidy(() => passWithin(inputs['x']!, dy!, leastPositive, 6)),
})

import * as tf from '@tensorflow/tfjs'
import type { Gradient, Kernel } from '../../kernel.js'
import { findHeap } from '../../kernels/heap.js'
import { sumToShape } from '../sum-to-shape.js'

/** tfjs's own gradients of these kernels keep the output's shape where an operand was broadcast. */
function binary(
  first: string,
  second: string,
  gradients: (
    dy: tf.Tensor,
    a: tf.Tensor,
    b: tf.Tensor,
  ) => readonly [() => tf.Tensor, () => tf.Tensor],
): Gradient {
  return ([dy], { inputs }) => {
    const a = inputs[first]!
    const b = inputs[second]!
    const [gradientA, gradientB] = gradients(dy!, a, b)
    return {
      [first]: () => tf.tidy(() => sumToShape(gradientA(), a.shape)),
      [second]: () => tf.tidy(() => sumToShape(gradientB(), b.shape)),
    }
  }
}

const only = (dy: tf.Tensor, where: tf.Tensor): tf.Tensor => tf.mul(dy, tf.cast(where, 'float32'))

export const squaredDifferenceGradient: Gradient = binary('a', 'b', (dy, a, b) => [
  () => tf.mul(dy, tf.mul(tf.sub(a, b), 2)),
  () => tf.mul(dy, tf.mul(tf.sub(b, a), 2)),
])

/** At a tie the gradient is a's, as in TensorFlow. */
export const maximumGradient: Gradient = binary('a', 'b', (dy, a, b) => [
  () => only(dy, tf.greaterEqual(a, b)),
  () => only(dy, tf.less(a, b)),
])

/** At a tie the gradient is a's, as in TensorFlow. */
export const minimumGradient: Gradient = binary('a', 'b', (dy, a, b) => [
  () => only(dy, tf.lessEqual(a, b)),
  () => only(dy, tf.greater(a, b)),
])

/**
 * A floor is constant between its steps; tfjs's own has the gradient of the division without it.
 */
export const floorDivGradient: Gradient = binary('a', 'b', (dy) => [
  () => tf.zerosLike(dy),
  () => tf.zerosLike(dy),
])

/** On wasm in one kernel, where tfjs takes a step function, its copy and a product. */
export const reluGradient: Gradient = ([dy], { inputs }) => {
  const x = inputs['x']!
  return {
    x: () => {
      const onHeap = findHeap()
      if (onHeap === undefined) return tf.mul(dy!, tf.step(x))
      const { kernels, addressOf, allocate } = onHeap
      const dx = allocate(x.shape)
      kernels.reluGradient(...[x, dy!, dx].map(addressOf), x.size)
      return dx
    },
  }
}

/** At 0 the slope is α, as in TensorFlow. */
export const preluGradient: Gradient = binary('x', 'alpha', (dy, x, alpha) => [
  () => tf.where(tf.greater(x, 0), dy, tf.mul(dy, alpha)),
  () => tf.mul(dy, tf.minimum(x, 0)),
])

/** The wasm backend's own takes α for repeated along the leading axes alone, whatever its shape. */
export const prelu: Kernel = ({ x, alpha }) =>
  tf.tidy(() => tf.add(tf.relu(x!), tf.mul(alpha!, tf.minimum(x!, 0))))

/**
 * The webgpu backend binds all summands at once: past the adapter's limit it drops the whole
 * submission, silently.
 */
export const addN: Kernel = (inputs) =>
  tf.tidy(() => {
    const [first, ...others] = Object.values(inputs)
    return others.reduce<tf.Tensor>((sum, summand) => tf.add(sum, summand), first!.clone())
  })

import * as tf from '@tensorflow/tfjs'
import type { Gradient, Kernel } from '../../kernel.js'
import { fit, splitAt } from '../axes.js'

interface ScanAttributes {
  readonly axis: number
  readonly exclusive: boolean
  readonly reverse: boolean
}

/**
 * Cumulative sums or products in log₂ n whole-tensor steps, for webgpu: its own computes the step's
 * length with a floating-point pow that the adapter may round below the whole number.
 */
function scan(combine: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor, neutral: number): Kernel {
  return ({ x }, attributes) =>
    tf.tidy(() => {
      const { axis, exclusive, reverse } = attributes as unknown as ScanAttributes
      const { shape, rank } = x!
      const parts = splitAt(x!, (axis + rank) % rank)
      const length = parts.shape[1]
      const direction = reverse ? 1 : -1
      let result: tf.Tensor = exclusive ? fit(parts, 1, direction, length, neutral) : parts
      for (let step = 1; step < length; step *= 2) {
        result = combine(result, fit(result, 1, direction * step, length, neutral))
      }
      return tf.reshape(result, shape)
    })
}

export const cumsum: Kernel = scan((a, b) => tf.add(a, b), 0)
export const cumprod: Kernel = scan((a, b) => tf.mul(a, b), 1)

/**
 * The same sum from the other end; tfjs's own transposes the result along every axis but the last.
 */
export const cumsumGradient: Gradient = ([dy], { attributes }) => {
  const { axis, exclusive, reverse } = attributes as unknown as ScanAttributes
  const { rank } = dy!
  return { x: () => tf.cumsum(dy!, (axis + rank) % rank, exclusive, !reverse) }
}

/** For each factor the product of all others, with no division: a factor may be 0. */
export const prodGradient: Gradient = ([dy], { inputs, attributes }) => ({
  x: () =>
    tf.tidy(() => {
      const { x } = inputs as { x: tf.Tensor }
      const { axis } = attributes as { axis: number | number[] | null | undefined }
      const reduced = tf.util.parseAxisParam(axis!, x.shape)
      const kept = x.shape.flatMap((_, index) => (reduced.includes(index) ? [] : [index]))
      const order = [...kept, ...reduced]
      const keptShape = kept.map((index) => x.shape[index]!)
      const factors = tf.reshape(tf.transpose(x, order), [tf.util.sizeFromShape(keptShape), -1])
      const others = tf.mul(tf.cumprod(factors, 1, true, false), tf.cumprod(factors, 1, true, true))
      const gradient = tf.mul(others, tf.reshape(dy!, [-1, 1]))
      const arranged = order.map((index) => x.shape[index]!)
      const undo = order.map((_, index) => order.indexOf(index))
      return tf.transpose(tf.reshape(gradient, arranged), undo)
    }),
})

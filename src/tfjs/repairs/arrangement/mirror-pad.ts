import * as tf from '@tensorflow/tfjs'
import type { Gradient } from '../../kernel.js'
import { fit, splitAt, withLength } from '../axes.js'

interface MirrorPadAttributes {
  readonly paddings: readonly (readonly [number, number])[]
  readonly mode: 'reflect' | 'symmetric'
}

/**
 * What was mirrored into the margins flows back to where it came from; tfjs cuts the margins off.
 */
export const mirrorPadGradient: Gradient = ([dy], { inputs, attributes }) => ({
  x: () =>
    tf.tidy(() => {
      const { paddings, mode } = attributes as unknown as MirrorPadAttributes
      // `reflect` leaves the edge itself out of the margin.
      const edge = mode === 'reflect' ? 1 : 0
      const { shape } = inputs['x']!
      return paddings.reduce<tf.Tensor>((gradient, [front, behind], axis) => {
        if (front === 0 && behind === 0) return gradient
        const length = shape[axis]!
        const mirrored = (from: number, count: number): tf.Tensor =>
          tf.reshape(
            tf.reverse(tf.slice(splitAt(gradient, axis), [0, from, 0], [-1, count, -1]), 1),
            withLength(gradient.shape, axis, count),
          )
        const parts = [fit(gradient, axis, front, length)]
        if (front > 0) parts.push(fit(mirrored(0, front), axis, -edge, length))
        if (behind > 0) {
          const start = behind + edge - length
          parts.push(fit(mirrored(front + length, behind), axis, start, length))
        }
        return tf.addN(parts)
      }, dy!)
    }),
})

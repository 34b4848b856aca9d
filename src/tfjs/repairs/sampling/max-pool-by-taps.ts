import * as tf from '@tensorflow/tfjs'
import type { Kernel } from '../../kernel.js'
import { selectMetByTap, putBack } from '../axes.js'
import { windowAxes, type WindowAttributes } from '../window.js'

/** Below every maximum: padding never is one. */
const leastFloat = -3.4028234663852886e38

/**
 * ∂/∂x of a 3-D maximum pool in whole-tensor ops, for webgpu: its own mixes up the positions in
 * windows that are not square. Tap by tap in row-major order, so that the first maximum wins a tie.
 */
export const maxPool3DGradByTaps: Kernel = ({ dy, input, output }, attributes) =>
  tf.tidy(() => {
    const x = input!
    const y = output!
    const { filterSize } = attributes as unknown as WindowAttributes
    const axes = windowAxes('MaxPool3D', x.shape, y.shape, filterSize ?? 1, attributes)
    const parts: tf.Tensor[] = []
    let free: tf.Tensor = tf.onesLike(y)
    const descend = (met: tf.Tensor, taps: readonly number[]): void => {
      const axis = axes[taps.length]
      if (axis !== undefined) {
        for (let tap = 0; tap < axis.taps; tap++) {
          descend(selectMetByTap(met, taps.length + 1, axis, tap, leastFloat), [...taps, tap])
        }
        return
      }
      const wins = tf.mul(free, tf.cast(tf.equal(met, y), 'float32'))
      free = tf.sub(free, wins)
      parts.push(
        axes.reduce<tf.Tensor>(
          (gradient, window, index) => putBack(gradient, index + 1, window, taps[index]!),
          tf.mul(wins, dy!),
        ),
      )
    }
    descend(x, [])
    return tf.addN(parts)
  })

import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'

/**
 * Of max(1 − y p, 0), y = −1 or 1. At 1 − y p = 0 the gradient is that of the slope, as in Keras.
 */
export const hingeGradient = (y: Tensor, p: Tensor): Tensor =>
  tf.sub(1, y.mul(p)).greaterEqual(0).toFloat().mul(y.neg())

/** Of max(1 − y p, 0)². */
export const squaredHingeGradient = (y: Tensor, p: Tensor): Tensor =>
  tf
    .relu(tf.sub(1, y.mul(p)))
    .mul(y)
    .mul(-2)

/**
 * Of max(max((1 − y) p) − Σ y p + 1, 0). Ties of the inner maximum share its gradient, as in Keras.
 */
export function categoricalHingeGradient(y: Tensor, p: Tensor): Tensor {
  const rivals = tf.sub(1, y).mul(p)
  const best = rivals.max(-1, true)
  const isBest = rivals.equal(best).toFloat()
  const margin = best.sub(y.mul(p).sum(-1, true)).add(1)
  return tf
    .sub(1, y)
    .mul(isBest.div(isBest.sum(-1, true)))
    .sub(y)
    .mul(margin.greaterEqual(0).toFloat())
}

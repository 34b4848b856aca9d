import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'

/**
 * Of −Σ y log p at the logits of p = softmax(z): p Σy − y. The entry of the likeliest class comes
 * from the others: Σ(p Σy − y) = 0, and p − 1 cancels near p = 1.
 */
export function softmaxGradient(y: Tensor, p: Tensor): Tensor {
  const gradient = p.mul(y.sum(-1, true)).sub(y)
  return likeliestFromOthers(gradient, likeliestOf(p))
}

/** Of −y log σ(z) − (1 − y) log(1 − σ(z)): σ(z) − y, without the cancellation of 1 − σ(z). */
export const sigmoidGradient = (y: Tensor, logits: Tensor): Tensor =>
  tf
    .sub(1, y)
    .mul(tf.sigmoid(logits))
    .sub(y.mul(tf.sigmoid(logits.neg())))

/**
 * Of −Σ y log(p / Σp), for outputs that no softmax has normalized. An absent class adds nothing.
 */
export function shareGradient(y: Tensor, p: Tensor): Tensor {
  const share = tf.where(y.equal(0), tf.zerosLike(y), y.div(p))
  return y.sum(-1, true).div(p.sum(-1, true)).sub(share)
}

/** Of −y log p − (1 − y) log(1 − p). */
export const binaryGradient = (y: Tensor, p: Tensor): Tensor =>
  tf.sub(p, y).div(p.mul(tf.sub(1, p)))

/** One-hot: the class of the largest number of each position. */
export const likeliestOf = (values: Tensor): Tensor =>
  tf.oneHot(values.argMax(-1), values.shape.at(-1) ?? 1).toFloat()

/**
 * A gradient whose entries sum to zero at each position, its entry at `likeliest` made from the
 * others.
 */
export function likeliestFromOthers(gradient: Tensor, likeliest: Tensor): Tensor {
  const others = gradient.mul(tf.sub(1, likeliest))
  return others.sub(likeliest.mul(others.sum(-1, true)))
}

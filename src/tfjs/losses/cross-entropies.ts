import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'

/**
 * Of −Σ y log p at the logits of p = softmax(z): p Σy − y. Near p = 1 the difference cancels, and the
 * entry of the likeliest class comes from the others: Σ(p Σy − y) = 0.
 */
export const softmaxGradient = (y: Tensor, p: Tensor): Tensor =>
  subtractExactly(p.mul(y.sum(-1, true)), y, likeliestOf(p))

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

/** a − b, whose entries sum to zero at each position. Where the entry at `likeliest` cancels, the others give it. */
export function subtractExactly(a: Tensor, b: Tensor, likeliest: Tensor): Tensor {
  const gradient = a.sub(b)
  const others = gradient.mul(tf.sub(1, likeliest))
  // Other entries are as large as a and b themselves if the likeliest class is not the label.
  const terms = a.abs().add(b.abs()).mul(likeliest).sum(-1, true)
  const isCancelled = sumAccurately(others.abs()).mul(cancellation).less(terms)
  const isReplaced = tf.logicalAnd(likeliest.toBool(), isCancelled)
  return tf.where(isReplaced, sumAccurately(others).neg().add(tf.zerosLike(gradient)), gradient)
}

/** The number of times by which a difference is smaller than its terms if it counts as cancelled. */
const cancellation = 16

const blockSize = 32

/** Sums over the last axis in blocks. One sum over 1,000 classes loses two digits. */
function sumAccurately(x: Tensor): Tensor {
  const { rank, shape } = x
  const missing = -shape[rank - 1]! & (blockSize - 1)
  const padded = x.pad(shape.map((_, axis) => [0, axis === rank - 1 ? missing : 0]))
  const blocks = padded.reshape([...shape.slice(0, -1), -1, blockSize])
  return blocks.sum(-1).sum(-1, true)
}

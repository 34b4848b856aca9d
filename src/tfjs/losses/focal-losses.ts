import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import type { PositionLoss } from '../../losses/loss.js'
import { likeliestOf, subtractExactly } from './cross-entropies.js'

/**
 * Focal losses: Lin et al. (2017), "Focal loss for dense object detection", with the factors of
 * Keras. Probabilities and their complements are computed apart, because 1 − p has no correct digit
 * near p = 1.
 */

type Focus = Pick<PositionLoss, 'gamma' | 'alpha'>

/** Of −Σ α (1 − p)^γ y log p at the logits of p = softmax(z). */
export function softmaxFocalGradient(y: Tensor, logits: Tensor, focus: Focus): Tensor {
  const likeliest = likeliestOf(logits)
  const shifted = logits.sub(logits.max(-1, true))
  const others = shifted.exp().mul(tf.sub(1, likeliest)).sum(-1, true)
  const logP = shifted.sub(log1p(others))
  const p = logP.exp()
  // 1 − p of the likeliest class is the sum of the others.
  const rest = p.mul(tf.sub(1, likeliest)).sum(-1, true)
  const q = tf.where(likeliest.toBool(), rest.add(tf.zerosLike(p)), tf.sub(1, p))
  const h = focalTerms(y, p, q, logP, focus)
  return subtractExactly(h, p.mul(h.sum(-1, true)), likeliest)
}

/** The same at outputs that no softmax has normalized: p / Σp are the probabilities. */
export function shareFocalGradient(y: Tensor, output: Tensor, focus: Focus): Tensor {
  const sum = output.sum(-1, true)
  const p = output.div(sum)
  const h = focalTerms(y, p, tf.sub(1, p), p.log(), focus)
  const own = tf.where(y.equal(0), tf.zerosLike(h), h.div(output))
  return own.sub(h.sum(-1, true).div(sum))
}

/** ∂/∂ log p of α y (1 − p)^γ (−log p): α y (γ (1 − p)^(γ − 1) p log p − (1 − p)^γ). */
function focalTerms(
  y: Tensor,
  p: Tensor,
  q: Tensor,
  logP: Tensor,
  { gamma, alpha }: Focus,
): Tensor {
  const slope = tf.divNoNan(p.mul(logP), q).mul(gamma).sub(1)
  const terms = y
    .mul(q.pow(gamma))
    .mul(slope)
    .mul(alpha ?? 1)
  return tf.where(y.equal(0), tf.zerosLike(terms), terms)
}

/**
 * Of a (1 − p_t)^γ (−y log p − (1 − y) log(1 − p)) at the logits of p = σ(z); p_t = y p + (1 − y)(1
 * − p).
 */
export function binaryFocalLogitGradient(y: Tensor, logits: Tensor, focus: Focus): Tensor {
  const [p, q] = [tf.sigmoid(logits), tf.sigmoid(logits.neg())]
  return binaryFocal(y, p, q, logSigmoid(logits), logSigmoid(logits.neg()), focus)
}

/** The same at outputs that are p themselves. */
export function binaryFocalGradient(y: Tensor, p: Tensor, focus: Focus): Tensor {
  const q = tf.sub(1, p)
  return binaryFocal(y, p, q, p.log(), q.log(), focus).div(p.mul(q))
}

function binaryFocal(
  y: Tensor,
  p: Tensor,
  q: Tensor,
  logP: Tensor,
  logQ: Tensor,
  { gamma, alpha }: Focus,
): Tensor {
  const no = tf.sub(1, y)
  const miss = y.mul(q).add(no.mul(p))
  const entropy = y.mul(logP).add(no.mul(logQ)).neg()
  const bend = tf.divNoNan(p.mul(q), miss).mul(gamma).mul(no.sub(y)).mul(entropy)
  const gradient = miss.pow(gamma).mul(no.mul(p).sub(y.mul(q)).add(bend))
  return alpha === null ? gradient : gradient.mul(y.mul(alpha).add(no.mul(1 - alpha)))
}

/** log σ(z) = min(z, 0) − log(1 + e^−|z|). */
const logSigmoid = (z: Tensor): Tensor => tf.minimum(z, 0).sub(log1p(z.abs().neg().exp()))

/**
 * log(1 + u) for u ≥ 0, correct to float32 also where 1 + u rounds to 1: TensorFlow.js's own is
 * log(1 + u) on WebGPU. Below 1 by the series of 2 artanh(s), s = u / (2 + u) ≤ 1/3: the next term
 * is below 2e-9.
 */
function log1p(u: Tensor): Tensor {
  const s = u.div(u.add(2))
  const square = s.square()
  let sum: Tensor = tf.onesLike(s).div(15)
  for (const odd of [13, 11, 9, 7, 5, 3, 1]) sum = sum.mul(square).add(1 / odd)
  return tf.where(u.less(1), s.mul(2).mul(sum), u.add(1).log())
}

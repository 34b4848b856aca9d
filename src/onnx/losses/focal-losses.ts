import type { PositionLoss } from '../../losses/loss.js'
import { likeliestFromOthers } from './cross-entropies.js'
import type { Expressions } from './expressions.js'

/**
 * Focal losses: Lin et al. (2017), "Focal loss for dense object detection", with the factors of Keras. Probabilities
 * and their complements are computed apart, because 1 − p has no correct digit near p = 1.
 */

type Focus = Pick<PositionLoss, 'gamma' | 'alpha'>

/** Of −Σ α (1 − p)^γ y log p at the logits of p = softmax(z). */
export function softmaxFocalGradient(
  e: Expressions,
  y: string,
  logits: string,
  classCount: number,
  focus: Focus,
): string {
  const likeliest = e.likeliest(logits, classCount)
  const unlikely = e.sub(1, likeliest)
  const shifted = e.sub(logits, e.maxOfLast(logits))
  const others = e.sumOfLast(e.mul(e.exp(shifted), unlikely))
  const logP = e.sub(shifted, log1p(e, others))
  const p = e.exp(logP)
  // 1 − p of the likeliest class is the sum of the others.
  const rest = e.sumOfLast(e.mul(p, unlikely))
  const q = e.where(likeliest, rest, e.sub(1, p))
  const h = focalTerms(e, y, p, q, logP, focus)
  return likeliestFromOthers(e, e.sub(h, e.mul(p, e.sumOfLast(h))), likeliest)
}

/** The same at outputs that no softmax has normalized: p / Σp are the probabilities. */
export function shareFocalGradient(
  e: Expressions,
  y: string,
  output: string,
  focus: Focus,
): string {
  const sum = e.sumOfLast(output)
  const p = e.div(output, sum)
  const h = focalTerms(e, y, p, e.sub(1, p), e.log(p), focus)
  const own = e.where(e.isEqual(y, 0), 0, e.div(h, output))
  return e.sub(own, e.div(e.sumOfLast(h), sum))
}

/** ∂/∂ log p of α y (1 − p)^γ (−log p): α y (γ (1 − p)^(γ − 1) p log p − (1 − p)^γ). */
function focalTerms(
  e: Expressions,
  y: string,
  p: string,
  q: string,
  logP: string,
  { gamma, alpha }: Focus,
): string {
  const slope = e.sub(e.mul(e.divNoNan(e.mul(p, logP), q), gamma), 1)
  const terms = e.mul(e.mul(e.mul(y, e.pow(q, gamma)), slope), alpha ?? 1)
  return e.where(e.isEqual(y, 0), 0, terms)
}

/**
 * Of a (1 − p_t)^γ (−y log p − (1 − y) log(1 − p)) at the logits of p = σ(z); p_t = y p + (1 − y)(1 − p).
 */
export function binaryFocalLogitGradient(
  e: Expressions,
  y: string,
  logits: string,
  focus: Focus,
): string {
  const opposite = e.neg(logits)
  const bits = { p: e.sigmoid(logits), q: e.sigmoid(opposite) }
  return binaryFocal(
    e,
    y,
    { ...bits, logP: logSigmoid(e, logits), logQ: logSigmoid(e, opposite) },
    focus,
  )
}

/** The same at outputs that are p themselves. */
export function binaryFocalGradient(e: Expressions, y: string, p: string, focus: Focus): string {
  const q = e.sub(1, p)
  return e.div(binaryFocal(e, y, { p, q, logP: e.log(p), logQ: e.log(q) }, focus), e.mul(p, q))
}

/** The probabilities of labels 1 and 0, with their logarithms. */
interface Bits {
  readonly p: string
  readonly q: string
  readonly logP: string
  readonly logQ: string
}

function binaryFocal(
  e: Expressions,
  y: string,
  { p, q, logP, logQ }: Bits,
  { gamma, alpha }: Focus,
): string {
  const no = e.sub(1, y)
  const miss = e.add(e.mul(y, q), e.mul(no, p))
  const entropy = e.neg(e.add(e.mul(y, logP), e.mul(no, logQ)))
  const bend = e.mul(e.mul(e.mul(e.divNoNan(e.mul(p, q), miss), gamma), e.sub(no, y)), entropy)
  const gradient = e.mul(e.pow(miss, gamma), e.add(e.sub(e.mul(no, p), e.mul(y, q)), bend))
  return alpha === null ? gradient : e.mul(gradient, e.add(e.mul(y, alpha), e.mul(no, 1 - alpha)))
}

/** log σ(z) = min(z, 0) − log(1 + e^−|z|). */
const logSigmoid = (e: Expressions, z: string): string =>
  e.sub(e.min(z, 0), log1p(e, e.exp(e.neg(e.abs(z)))))

/**
 * log(1 + u) for u ≥ 0, correct to float32 also where 1 + u rounds to 1. Below 1 by the series of 2 artanh(s),
 * s = u / (2 + u) ≤ 1/3: the next term is below 2e-9.
 */
function log1p(e: Expressions, u: string): string {
  const s = e.div(u, e.add(u, 2))
  const square = e.mul(s, s)
  let sum = e.mul(square, 1 / 15)
  for (const odd of [13, 11, 9, 7, 5, 3]) sum = e.mul(square, e.add(sum, 1 / odd))
  return e.where(e.isLess(u, 1), e.mul(e.mul(s, 2), e.add(sum, 1)), e.log(e.add(u, 1)))
}

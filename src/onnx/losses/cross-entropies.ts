import type { Expressions } from './expressions.js'

/**
 * Of −Σ y log p at the logits of p = softmax(z): p Σy − y. The entry of the likeliest class comes from the others:
 * Σ(p Σy − y) = 0, and p − 1 cancels near p = 1.
 */
export function softmaxGradient(e: Expressions, y: string, p: string, classCount: number): string {
  const gradient = e.sub(e.mul(p, e.sumOfLast(y)), y)
  return likeliestFromOthers(e, gradient, e.likeliest(p, classCount))
}

/** Of −y log σ(z) − (1 − y) log(1 − σ(z)): σ(z) − y, without the cancellation of 1 − σ(z). */
export const sigmoidGradient = (e: Expressions, y: string, logits: string): string =>
  e.sub(e.mul(e.sub(1, y), e.sigmoid(logits)), e.mul(y, e.sigmoid(e.neg(logits))))

/** Of −Σ y log(p / Σp), for outputs that no softmax has normalized. An absent class adds nothing. */
export function shareGradient(e: Expressions, y: string, p: string): string {
  const share = e.where(e.isEqual(y, 0), 0, e.div(y, p))
  return e.sub(e.div(e.sumOfLast(y), e.sumOfLast(p)), share)
}

/** Of −y log p − (1 − y) log(1 − p). */
export const binaryGradient = (e: Expressions, y: string, p: string): string =>
  e.div(e.sub(p, y), e.mul(p, e.sub(1, p)))

/** A gradient whose entries sum to zero at each position, its entry at `likeliest` made from the others. */
export function likeliestFromOthers(e: Expressions, gradient: string, likeliest: string): string {
  const others = e.mul(gradient, e.sub(1, likeliest))
  return e.sub(others, e.mul(likeliest, e.sumOfLast(others)))
}

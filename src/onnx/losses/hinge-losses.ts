import type { Expressions } from './expressions.js'

/** Of max(1 − y p, 0), y = −1 or 1. At 1 − y p = 0 the gradient is that of the slope, as in Keras. */
export const hingeGradient = (e: Expressions, y: string, p: string): string =>
  e.mul(e.isAtLeast(e.sub(1, e.mul(y, p)), 0), e.neg(y))

/** Of max(1 − y p, 0)². */
export const squaredHingeGradient = (e: Expressions, y: string, p: string): string =>
  e.mul(e.mul(e.max(e.sub(1, e.mul(y, p)), 0), y), -2)

/**
 * Of max(max((1 − y) p) − Σ y p + 1, 0). Ties of the inner maximum share its gradient, as in Keras.
 */
export function categoricalHingeGradient(e: Expressions, y: string, p: string): string {
  const no = e.sub(1, y)
  const rivals = e.mul(no, p)
  const best = e.maxOfLast(rivals)
  const isBest = e.isEqual(rivals, best)
  const margin = e.add(e.sub(best, e.sumOfLast(e.mul(y, p))), 1)
  const gradient = e.sub(e.mul(no, e.div(isBest, e.sumOfLast(isBest))), y)
  return e.mul(gradient, e.isAtLeast(margin, 0))
}

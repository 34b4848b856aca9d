import type { FactoredSegment } from '../gradients/block.js'

type Factors = Pick<FactoredSegment, 'positions' | 'inputSize' | 'outputSize'>

/**
 * True if Σ_{t,s} (a_t·a'_s)(δ_t·δ'_s) takes fewer multiplications for a pair than materializing G and G': T·T'(d + p)
 * against max(T, T') d·p. Both gradients must be matrices of the same shape, which one parameter may not have in all its
 * uses. The number of pairs has no influence: it would change the last bits of a score.
 */
export const isGramCheaper = (a: Factors, b: Factors): boolean =>
  a.inputSize === b.inputSize &&
  a.outputSize === b.outputSize &&
  a.positions * b.positions * (a.inputSize + a.outputSize) <=
    Math.max(a.positions, b.positions) * a.inputSize * a.outputSize

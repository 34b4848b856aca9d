import { range } from '../constants.js'
import type { Formula } from '../formula.js'

/** A tensor with mean 0 and variance 1 along some axes. */
export interface Standardized {
  readonly values: string
  /** What the differences from the mean were multiplied by, with length 1 along the axes. */
  readonly factor: string
}

/** Returns (x − mean) / √(variance + ε), or without the mean x / √(mean of squares + ε). */
export function standardize(
  f: Formula,
  x: string,
  axes: readonly number[],
  epsilon: number,
  isCentred = true,
): Standardized {
  const centred = isCentred ? f.difference(x, f.meanOver(x, axes)) : x
  const variance = f.meanOver(f.square(centred), axes)
  const factor = f.apply('Reciprocal', f.apply('Sqrt', f.sum(variance, epsilon)))
  return { values: f.product(centred, factor), factor }
}

/**
 * Returns the gradient of x from that of its standardized values x̂: factor · (δ − mean δ − x̂ · mean(δ x̂)), without the
 * mean of δ if x wasn't centred.
 */
export function differentiateStandardized(
  f: Formula,
  { values, factor }: Standardized,
  delta: string,
  axes: readonly number[],
  isCentred = true,
): string {
  const centred = isCentred ? f.difference(delta, f.meanOver(delta, axes)) : delta
  const alignment = f.meanOver(f.product(delta, values), axes)
  return f.product(factor, f.difference(centred, f.product(values, alignment)))
}

/** The axes from one on. */
export const axesFrom = (first: number, rank: number): number[] => range(rank).slice(first)

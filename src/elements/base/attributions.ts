import { InvalidArgumentError } from '../../errors.js'
import type { NdArray } from '../../ndarray.js'
import { describe } from '../../options.js'
import { isNdArray, getExampleAt, getTarget, type GivenExplanation } from './explanation-source.js'

/** Which attributions are shown: all, only the positive ones or only the negative ones. */
export type Sign = 'all' | 'positive' | 'negative'

export const signs: readonly Sign[] = ['all', 'positive', 'negative']

/** The attributions of one example for one input or layer. */
export function getAttributions({ data }: GivenExplanation, input: number, index: number): NdArray {
  const { attributions } = data
  const arrays = isNdArray(attributions) ? [attributions] : attributions
  if (!Array.isArray(arrays) || !arrays.every(isNdArray) || arrays.length === 0) {
    const expected = 'attributions, as IntegratedGradients and Gradient return them'
    const got = attributions === undefined ? 'none' : describe(attributions)
    throw new InvalidArgumentError('attributions of the explanation', got, expected)
  }
  const array = arrays[input]
  if (array === undefined) {
    const expected = `0 … ${arrays.length - 1}, the index of an attributed input or layer`
    throw new InvalidArgumentError('input', String(input), expected)
  }
  return getExampleAt(array, index)
}

/** The values of the explained example, or null if the explanation does not contain them. */
export function getExplainedExample(
  { data }: GivenExplanation,
  input: number,
  index: number,
): NdArray | null {
  const { x } = data
  const array: unknown = Array.isArray(x) ? x[input] : x
  return isNdArray(array) && index < (array.shape[0] ?? 0) ? getExampleAt(array, index) : null
}

/** The name of the explained output, or null if the model has a single output. */
export function nameTarget(
  explanation: GivenExplanation,
  index: number,
  labels: readonly string[],
): string | null {
  const target = getTarget(explanation, index)
  return target === null ? null : (labels[target] ?? String(target))
}

/** Sums over all axes after the first `rank`: one value for each pixel or token. */
export function sumTrailingAxes({ data, shape }: NdArray, rank: number): Float64Array {
  const count = shape.slice(0, rank).reduce((product, length) => product * length, 1)
  const size = count === 0 ? 0 : data.length / count
  const sums = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    for (let k = i * size; k < (i + 1) * size; k++) sums[i]! += data[k]!
  }
  return sums
}

/** The values with the given sign. The other values become zero. */
export function keepSign(values: Float64Array, sign: Sign): Float64Array {
  if (sign === 'all') return values
  return values.map((value) => (sign === 'positive' ? Math.max(0, value) : Math.min(0, value)))
}

/**
 * The magnitude that gets the strongest colour: a percentile of all magnitudes, or the greatest
 * magnitude if that percentile is zero.
 *
 * @param clip the percentile, above 0 and up to 100
 */
export function findMagnitudeLimit(values: ArrayLike<number>, clip: number): number {
  if (!(clip > 0 && clip <= 100)) {
    throw new InvalidArgumentError('clip', String(clip), 'a percentile above 0 and up to 100')
  }
  const magnitudes = Float64Array.from(values, (value) =>
    Number.isFinite(value) ? Math.abs(value) : 0,
  ).sort()
  const at = Math.ceil((clip / 100) * magnitudes.length) - 1
  const limit = magnitudes[Math.max(0, at)] ?? 0
  return limit > 0 ? limit : (magnitudes.at(-1) ?? 0)
}

/** The sum of the positive values, and the magnitude of the sum of the negative values. */
export function sumBySign(values: Iterable<number>): { forIt: number; againstIt: number } {
  let forIt = 0
  let againstIt = 0
  for (const value of values) {
    if (value > 0) forIt += value
    else if (value < 0) againstIt -= value
  }
  return { forIt, againstIt }
}

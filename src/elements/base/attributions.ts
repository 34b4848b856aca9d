import { InvalidArgumentError } from '../../errors.js'
import type { NdArray } from '../../ndarray.js'
import { describe } from '../../options.js'
import { isNdArray, rowOf, targetOf, type GivenExplanation } from './explanation-source.js'

/** Which part of an attribution is shown. */
export type Sign = 'all' | 'positive' | 'negative'

export const signs: readonly Sign[] = ['all', 'positive', 'negative']

/** The attributions of one example to one input, or layer. */
export function attributionsOf({ data }: GivenExplanation, input: number, index: number): NdArray {
  const { attributions } = data
  const arrays = isNdArray(attributions) ? [attributions] : attributions
  if (!Array.isArray(arrays) || !arrays.every(isNdArray) || arrays.length === 0) {
    const expected = 'attributions, as IntegratedGradients and Gradient return them'
    const got = attributions === undefined ? 'none' : describe(attributions)
    throw new InvalidArgumentError('attributions of the explanation', got, expected)
  }
  const array = arrays[input]
  if (array === undefined) {
    const expected = `0 … ${arrays.length - 1}, one of the inputs or layers attributed to`
    throw new InvalidArgumentError('input', String(input), expected)
  }
  return rowOf(array, index)
}

/** What was explained: the example's own values; null where the explanation does not carry them. */
export function explainedExample(
  { data }: GivenExplanation,
  input: number,
  index: number,
): NdArray | null {
  const { x } = data
  const array: unknown = Array.isArray(x) ? x[input] : x
  return isNdArray(array) && index < (array.shape[0] ?? 0) ? rowOf(array, index) : null
}

/** The name of the output that is explained; null where there is but one. */
export function targetName(
  explanation: GivenExplanation,
  index: number,
  labels: readonly string[],
): string | null {
  const target = targetOf(explanation, index)
  return target === null ? null : (labels[target] ?? String(target))
}

/** Sums over the axes behind the first `rank`: one value for each pixel, or token. */
export function summedBehind({ data, shape }: NdArray, rank: number): Float64Array {
  const count = shape.slice(0, rank).reduce((product, length) => product * length, 1)
  const size = count === 0 ? 0 : data.length / count
  const sums = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    for (let k = i * size; k < (i + 1) * size; k++) sums[i]! += data[k]!
  }
  return sums
}

/** With zeros in place of the other sign's values. */
export function ofSign(values: Float64Array, sign: Sign): Float64Array {
  if (sign === 'all') return values
  return values.map((value) => (sign === 'positive' ? Math.max(0, value) : Math.min(0, value)))
}

/**
 * The magnitude that gets the strongest colour: so many percent of the magnitudes are not above it. The greatest of all
 * where that would be zero.
 *
 * @param clip the percentile, above 0 and up to 100
 */
export function magnitudeLimit(values: ArrayLike<number>, clip: number): number {
  if (!(clip > 0 && clip <= 100)) {
    throw new InvalidArgumentError('clip', String(clip), 'a percentile above 0, up to 100')
  }
  const magnitudes = Float64Array.from(values, (value) =>
    Number.isFinite(value) ? Math.abs(value) : 0,
  ).sort()
  const at = Math.ceil((clip / 100) * magnitudes.length) - 1
  const limit = magnitudes[Math.max(0, at)] ?? 0
  return limit > 0 ? limit : (magnitudes.at(-1) ?? 0)
}

/** The sums of what is above zero, and of what is below, as a magnitude. */
export function totalsOf(values: Iterable<number>): { forIt: number; againstIt: number } {
  let forIt = 0
  let againstIt = 0
  for (const value of values) {
    if (value > 0) forIt += value
    else if (value < 0) againstIt -= value
  }
  return { forIt, againstIt }
}

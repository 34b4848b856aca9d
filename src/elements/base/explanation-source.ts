import { InvalidArgumentError } from '../../errors.js'
import type { Explanation, ExplanationJson } from '../../explanation.js'
import type { GivenExplanation } from '../../explanation/read-explanation.js'
import { isNdArray } from '../../explanation/to-json.js'
import type { NdArray } from '../../ndarray.js'
import { describe } from '../../options.js'

export { isNdArray }
export type { GivenExplanation }

/**
 * The explanation that an element shows: an Explanation; its meta and data, as a worker posts them;
 * its JSON, as text or parsed, also from alibi; the bytes of a frame or of JSON, also as a Blob; or a
 * promise of one of these.
 */
export type ExplanationSource = ExplanationValue | PromiseLike<ExplanationValue>

/** What an element shows, without the promise. */
export type ExplanationValue =
  | Explanation<object>
  | ExplanationJson
  | { readonly meta: object; readonly data: object }
  | string
  | Uint8Array
  | ArrayBuffer
  | DataView
  | Blob

/** An array of the explanation's data. @throws InvalidArgumentError if it is missing */
export function getArray({ data, meta }: GivenExplanation, key: string, need: string): NdArray {
  const value = data[key]
  if (isNdArray(value)) return value
  const got = value === undefined ? 'none' : describe(value)
  throw new InvalidArgumentError(`${key} of the explanation by ${nameExplainer(meta)}`, got, need)
}

/**
 * The example at `index` along the first axis, as a view. @throws InvalidArgumentError if the index
 * is out of range
 */
export function getExampleAt(array: NdArray, index: number, argument = 'index'): NdArray {
  const [count = 0, ...shape] = array.shape
  if (!Number.isInteger(index) || index < 0 || index >= count) {
    const expected = count === 0 ? 'an explanation of at least one example' : `0 … ${count - 1}`
    throw new InvalidArgumentError(argument, String(index), expected)
  }
  const size = shape.reduce((product, length) => product * length, 1)
  return { data: array.data.subarray(index * size, (index + 1) * size), shape }
}

/** The explained output of example `index`, or null if the explanation does not contain it. */
export function getTarget({ data }: GivenExplanation, index: number): number | null {
  const { target } = data
  if (typeof target === 'number') return target
  return isNdArray(target) ? (target.data[target.data.length === 1 ? 0 : index] ?? null) : null
}

function nameExplainer(meta: Readonly<Record<string, unknown>>): string {
  return typeof meta['name'] === 'string' ? meta['name'] : 'an unnamed explainer'
}

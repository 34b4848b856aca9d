import { InvalidArgumentError } from '../../errors.js'
import { Explanation, type ExplanationJson } from '../../explanation.js'
import { isRecord } from '../../is-record.js'
import type { NdArray } from '../../ndarray.js'
import { describe } from '../../options.js'

/**
 * The explanation that an element shows: an Explanation; its meta and data, as a worker posts them;
 * its JSON, as text or parsed, also from alibi; or a promise of one of these.
 */
export type ExplanationSource = ExplanationValue | PromiseLike<ExplanationValue>

type ExplanationValue =
  Explanation<object> | ExplanationJson | { readonly meta: object; readonly data: object } | string

/** The parts of an explanation that elements read. */
export interface GivenExplanation {
  readonly meta: Readonly<Record<string, unknown>>
  readonly data: Readonly<Record<string, unknown>>
}

/** @throws InvalidArgumentError if the value is not an explanation or the JSON of one */
export function readExplanation(value: unknown): GivenExplanation {
  if (isRecord(value) && isRecord(value['meta']) && isRecord(value['data'])) {
    const { meta, data } = value
    const isJson = !('toJSON' in value) && !Object.values(data).some(containsArrays)
    return isJson ? (Explanation.fromJSON(value) as unknown as GivenExplanation) : { meta, data }
  }
  if (typeof value === 'string') {
    return Explanation.fromJSON(value) as unknown as GivenExplanation
  }
  throw new InvalidArgumentError(
    'explanation',
    describe(value),
    'an Explanation, its JSON, or a promise of one',
  )
}

/** An array of the explanation's data. @throws InvalidArgumentError if it is missing */
export function getArray({ data, meta }: GivenExplanation, key: string, need: string): NdArray {
  const value = data[key]
  if (isNdArray(value)) return value
  const got = value === undefined ? 'none' : describe(value)
  throw new InvalidArgumentError(`${key} of the explanation by ${nameExplainer(meta)}`, got, need)
}

export function isNdArray(value: unknown): value is NdArray {
  return isRecord(value) && ArrayBuffer.isView(value['data']) && Array.isArray(value['shape'])
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

function containsArrays(value: unknown): boolean {
  return isNdArray(value) || (Array.isArray(value) && isNdArray(value[0]))
}

function nameExplainer(meta: Readonly<Record<string, unknown>>): string {
  return typeof meta['name'] === 'string' ? meta['name'] : 'an unnamed explainer'
}

import { InvalidArgumentError } from '../../errors.js'
import { Explanation, type ExplanationJson } from '../../explanation.js'
import { isRecord } from '../../is-record.js'
import type { NdArray } from '../../ndarray.js'
import { describe } from '../../options.js'

/**
 * What an element shows: an Explanation; its meta and data, as a worker posts them; its JSON, as text or parsed, alibi's
 * too; or the promise of one.
 */
export type ExplanationSource = ExplanationValue | PromiseLike<ExplanationValue>

type ExplanationValue =
  Explanation<object> | ExplanationJson | { readonly meta: object; readonly data: object } | string

/** What elements read of an explanation. */
export interface GivenExplanation {
  readonly meta: Readonly<Record<string, unknown>>
  readonly data: Readonly<Record<string, unknown>>
}

/** @throws InvalidArgumentError if it is no explanation, nor the JSON of one */
export function readExplanation(value: unknown): GivenExplanation {
  if (isRecord(value) && isRecord(value['meta']) && isRecord(value['data'])) {
    const { meta, data } = value
    const isJson = !('toJSON' in value) && !Object.values(data).some(holdsArrays)
    return isJson ? (Explanation.fromJSON(value) as unknown as GivenExplanation) : { meta, data }
  }
  if (typeof value === 'string') {
    return Explanation.fromJSON(value) as unknown as GivenExplanation
  }
  throw new InvalidArgumentError(
    'explanation',
    describe(value),
    'an Explanation, its JSON, or the promise of one',
  )
}

/** An array of numbers in the explanation's data. @throws InvalidArgumentError if it is not there */
export function arrayOf({ data, meta }: GivenExplanation, key: string, need: string): NdArray {
  const value = data[key]
  if (isNdArray(value)) return value
  const got = value === undefined ? 'none' : describe(value)
  throw new InvalidArgumentError(`${key} of the explanation by ${nameOf(meta)}`, got, need)
}

export function isNdArray(value: unknown): value is NdArray {
  return isRecord(value) && ArrayBuffer.isView(value['data']) && Array.isArray(value['shape'])
}

/** Row `index` along the first axis, without a copy. @throws InvalidArgumentError if there is no such row */
export function rowOf(array: NdArray, index: number, argument = 'index'): NdArray {
  const [count = 0, ...shape] = array.shape
  if (!Number.isInteger(index) || index < 0 || index >= count) {
    const expected = count === 0 ? 'an explanation of at least one example' : `0 … ${count - 1}`
    throw new InvalidArgumentError(argument, String(index), expected)
  }
  const size = shape.reduce((product, length) => product * length, 1)
  return { data: array.data.subarray(index * size, (index + 1) * size), shape }
}

/** The output that is explained of example `index`; null where the explanation does not say. */
export function targetOf({ data }: GivenExplanation, index: number): number | null {
  const { target } = data
  if (typeof target === 'number') return target
  return isNdArray(target) ? (target.data[target.data.length === 1 ? 0 : index] ?? null) : null
}

function holdsArrays(value: unknown): boolean {
  return isNdArray(value) || (Array.isArray(value) && isNdArray(value[0]))
}

function nameOf(meta: Readonly<Record<string, unknown>>): string {
  return typeof meta['name'] === 'string' ? meta['name'] : 'an unnamed explainer'
}

import { InvalidArgumentError } from './errors.js'
import type { NdArray, NestedNumbers } from './ndarray.js'
import { fromNestedNumbers, toNestedNumbers } from './ndarray.js'
import { describe } from './options.js'

/** What was explained, by what, and with which parameters. */
export interface ExplanationMeta {
  readonly name: string
  readonly type: readonly string[]
  readonly explanations: readonly string[]
  readonly params: Readonly<Record<string, unknown>>
  readonly version: string
}

/** The members of an Explanation, besides its data's and meta's fields. */
interface ExplanationBase<Data> {
  readonly meta: ExplanationMeta
  readonly data: Data
  /**
   * alibi's schema, ready for JSON.stringify: snake_case keys and nested lists. JSON has no NaN or
   * infinities; they stand as the strings "NaN", "Infinity" and "-Infinity".
   */
  toJSON(): ExplanationJson
}

/** The result of an explainer. The fields of `data` and `meta` are its own fields too. */
export type Explanation<Data extends object = Record<string, unknown>> = ExplanationBase<Data> &
  Readonly<Data> &
  Readonly<ExplanationMeta>

export interface ExplanationJson {
  readonly meta: Readonly<Record<string, unknown>>
  readonly data: Readonly<Record<string, unknown>>
}

export function createExplanation<Data extends object>(
  meta: ExplanationMeta,
  data: Data,
): Explanation<Data> {
  const base: ExplanationBase<Data> = {
    meta,
    data,
    toJSON: () => ({
      meta: toJsonValue(meta) as ExplanationJson['meta'],
      data: toJsonValue(data) as ExplanationJson['data'],
    }),
  }
  return Object.freeze(Object.assign(Object.create(null) as object, data, meta, base))
}

export const Explanation = {
  /**
   * An explanation from its JSON, also from JSON that alibi wrote (its bare NaN and Infinity included).
   * Lists of numbers become NdArrays: int32 for indices and targets, float64 for the others.
   *
   * @param json the text, or what JSON.parse made of it
   * @throws InvalidArgumentError if it is no explanation
   */
  fromJSON(json: string | object): Explanation {
    const value: unknown = typeof json === 'string' ? parseTolerantly(json) : json
    if (!isRecord(value) || !isRecord(value['meta']) || !isRecord(value['data'])) {
      throw new InvalidArgumentError('json', describe(value), "an object with 'meta' and 'data'")
    }
    const meta = Object.fromEntries(
      Object.entries(value['meta']).map(([key, field]) => [key, fromJsonMeta(field)]),
    )
    const { data } = value
    const inputCount = Array.isArray(data['attributions']) ? data['attributions'].length : 1
    const fields = Object.entries(data).map(([key, field]) => {
      const isList = key === 'attributions' || (listPerInput.has(key) && inputCount > 1)
      const read = (item: unknown): unknown => fromJsonData(key, item)
      return [toCamelCase(key), isList && Array.isArray(field) ? field.map(read) : read(field)]
    })
    return createExplanation(
      meta as unknown as ExplanationMeta,
      Object.fromEntries(fields) as Record<string, unknown>,
    )
  },
} as const

const listPerInput: ReadonlySet<string> = new Set(['X', 'baselines'])
const integerFields: ReadonlySet<string> = new Set(['ordered_indices', 'target'])

function toJsonValue(value: unknown): unknown {
  if (typeof value === 'number') return finiteOrName(value)
  if (isNdArray(value)) return nonFiniteNamed(toNestedNumbers(value))
  if (Array.isArray(value)) return value.map(toJsonValue)
  if (isRecord(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, field]) => [toSnakeCase(key), toJsonValue(field)]),
    )
  }
  return value ?? null
}

function nonFiniteNamed(value: NestedNumbers): unknown {
  return typeof value === 'number' ? finiteOrName(value) : value.map(nonFiniteNamed)
}

const finiteOrName = (value: number): number | string =>
  Number.isFinite(value) ? value : String(value)

function fromJsonMeta(value: unknown): unknown {
  if (!isRecord(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [toCamelCase(key), fromJsonMeta(field)]),
  )
}

function fromJsonData(key: string, value: unknown): unknown {
  if (isRecord(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([k, field]) => [k, fromJsonData(k, field)]),
    )
  }
  if (!Array.isArray(value)) return value
  const numbers = asNumbers(value)
  if (numbers === undefined) return value.map((item) => fromJsonData(key, item))
  const array = fromNestedNumbers(key, numbers)
  return integerFields.has(key) ? { data: Int32Array.from(array.data), shape: array.shape } : array
}

/** The nested lists with their named non-finite numbers read; undefined if they are no rectangle of numbers. */
function asNumbers(value: readonly unknown[]): NestedNumbers | undefined {
  const read = (item: unknown): NestedNumbers => {
    if (typeof item === 'number') return item
    if (item === 'NaN' || item === 'Infinity' || item === '-Infinity') return Number(item)
    if (Array.isArray(item)) return item.map(read)
    throw new TypeError('no number')
  }
  try {
    const numbers = read(value)
    fromNestedNumbers('', numbers)
    return numbers
  } catch {
    return undefined
  }
}

/** Python's json writes NaN and infinities bare, which is not JSON. */
function parseTolerantly(text: string): unknown {
  const token = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g
  try {
    return JSON.parse(
      text.replace(token, (found) => (found.startsWith('"') ? found : `"${found}"`)),
    )
  } catch (cause) {
    throw new InvalidArgumentError('json', describe(text), 'the JSON text of an explanation', {
      cause,
    })
  }
}

const toSnakeCase = (key: string): string =>
  key === 'x' ? 'X' : key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

const toCamelCase = (key: string): string =>
  key === 'X' ? 'x' : key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isNdArray(value: unknown): value is NdArray {
  return isRecord(value) && ArrayBuffer.isView(value['data']) && Array.isArray(value['shape'])
}

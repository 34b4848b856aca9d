import { InvalidArgumentError } from './errors.js'
import { isRecord } from './is-record.js'
import { fromNestedNumbers, type NdArray, type NestedNumbers, toNestedNumbers } from './ndarray.js'
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
   * infinities: they become the strings "NaN", "Infinity" and "-Infinity".
   */
  toJSON(): ExplanationJson
  /**
   * The attributions of one input, layer or call of a layer, by its name in `attributionNames`: the name of an input; the
   * name of a layer; of a layer that is called several times, the input or layer that it was called on.
   *
   * @throws InvalidArgumentError for an unknown name, or if the explanation has no attributions with names
   */
  attribution(name: string): NdArray
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
    meta: Object.freeze({ ...meta, params: Object.freeze({ ...meta.params }) }),
    data: Object.freeze({ ...data }),
    attribution: (name) => findAttribution(data, name),
    toJSON: () => ({
      meta: { ...meta, params: mapFields(meta.params, toSnakeCase, (field) => toJsonValue(field)) },
      data: mapFields(data, toSnakeCase, (field) => toJsonValue(field)),
    }),
  }
  return Object.freeze({ ...data, ...base.meta, ...base })
}

function findAttribution(data: object, name: unknown): NdArray {
  const { attributions, attributionNames } = data as Readonly<Record<string, unknown>>
  if (!Array.isArray(attributions) || !Array.isArray(attributionNames)) {
    throw new InvalidArgumentError(
      'attribution',
      describe(name),
      'an explanation with attributionNames, as IntegratedGradients, ExpectedGradients and Gradient give it; ' +
        'use attributions[i] of one that has none',
    )
  }
  const found = (attributions as NdArray[])[attributionNames.indexOf(name)]
  if (found !== undefined) return found
  const names = attributionNames.map((known) => describe(known)).join(', ')
  throw new InvalidArgumentError('attribution', describe(name), `one of ${names}`)
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
    const { meta, data } = isRecord(value) ? value : {}
    if (!isRecord(meta) || !isRecord(meta['params']) || !isRecord(data)) {
      const expected = "an explanation: an object with 'meta', its 'params', and 'data'"
      throw new InvalidArgumentError('json', describe(json), expected)
    }
    const params = mapFields(meta['params'], toCamelCase, (field) => field)
    const hasLists = inputCountOf(params, data) > 1
    const read = (field: unknown, key: string): unknown => {
      const isItems = params['rawItems'] === true && fieldsPerInput.has(key)
      if (isItems || plainFields.has(key)) return field
      const isList = key === 'attributions' || (hasLists && fieldsPerInput.has(key))
      if (!isList || !Array.isArray(field)) return fromJsonData(key, field)
      return field.map((item) => fromJsonData(key, item))
    }
    return createExplanation(
      { ...meta, params } as unknown as ExplanationMeta,
      mapFields(data, toCamelCase, read),
    )
  },
} as const

/** The user's data: finite numbers, or texts; one array per input, if the model has several. */
const fieldsPerInput: ReadonlySet<string> = new Set([
  'X',
  'baselines',
  'most_similar',
  'least_similar',
])
const integerFields: ReadonlySet<string> = new Set([
  'ordered_indices',
  'target',
  'target_sum',
  'steps',
])
/** Lists of indices or names: they stay lists. */
const plainFields: ReadonlySet<string> = new Set(['non_finite', 'not_reached', 'attribution_names'])

/** alibi does not write the count: there, it is that of the attributions, if inputs are attributed. */
function inputCountOf(
  { inputCount, layer }: Readonly<Record<string, unknown>>,
  { attributions }: Readonly<Record<string, unknown>>,
): number {
  if (typeof inputCount === 'number') return inputCount
  const attributesInputs = layer === undefined || layer === null
  return attributesInputs && Array.isArray(attributions) ? attributions.length : 1
}

/** A new object with its keys and values changed. Keys of inner objects are the user's, and stay. */
function mapFields(
  fields: object,
  rename: (key: string) => string,
  change: (field: unknown, key: string) => unknown,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, field]) => [rename(key), change(field, key)]),
  )
}

/** What JSON cannot hold, such as a user's raw examples, becomes its description. */
function toJsonValue(value: unknown, around: readonly unknown[] = []): unknown {
  if (typeof value === 'number') return finiteOrName(value)
  if (typeof value === 'string' || typeof value === 'boolean') return value
  if (value === undefined || value === null) return null
  if (isNdArray(value)) return nonFiniteNamed(toNestedNumbers(value))
  if (typeof value !== 'object' || around.includes(value)) return describe(value)
  const inner = (field: unknown): unknown => toJsonValue(field, [...around, value])
  if (Array.isArray(value)) return value.map(inner)
  if (hasJson(value)) return inner(value.toJSON())
  return isPlainRecord(value) ? mapFields(value, (key) => key, inner) : describe(value)
}

const hasJson = (value: object): value is { toJSON(): unknown } =>
  'toJSON' in value && typeof value.toJSON === 'function'

/** Of any frame of the page. */
function isPlainRecord(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function nonFiniteNamed(value: NestedNumbers): unknown {
  return typeof value === 'number' ? finiteOrName(value) : value.map(nonFiniteNamed)
}

const finiteOrName = (value: number): number | string =>
  Number.isFinite(value) ? value : String(value)

function fromJsonData(key: string, value: unknown): unknown {
  if (isRecord(value))
    return mapFields(
      value,
      (k) => k,
      (field, k) => fromJsonData(k, field),
    )
  if (!Array.isArray(value)) return value
  const numbers = asNumbers(value, !fieldsPerInput.has(key))
  if (numbers === undefined) return value.map((item) => fromJsonData(key, item))
  const array = fromNestedNumbers(key, numbers)
  return integerFields.has(key) ? { data: Int32Array.from(array.data), shape: array.shape } : array
}

/** The nested lists as numbers, "NaN" and its like as well if `named`; undefined if they are no rectangle of numbers. */
function asNumbers(value: readonly unknown[], named: boolean): NestedNumbers | undefined {
  const read = (item: unknown): NestedNumbers => {
    if (typeof item === 'number') return item
    if (named && (item === 'NaN' || item === 'Infinity' || item === '-Infinity'))
      return Number(item)
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
  const bare = '\u0000bare '
  const quoted = text.replace(token, (found) =>
    found.startsWith('"') ? found : JSON.stringify(bare + found),
  )
  try {
    return JSON.parse(quoted, (_, value: unknown) =>
      typeof value === 'string' && value.startsWith(bare)
        ? Number(value.slice(bare.length))
        : value,
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

function isNdArray(value: unknown): value is NdArray {
  return isRecord(value) && ArrayBuffer.isView(value['data']) && Array.isArray(value['shape'])
}

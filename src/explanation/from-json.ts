import { InvalidArgumentError } from '../errors.js'
import { isRecord } from '../is-record.js'
import { type NdArray, sizeOf } from '../ndarray.js'
import { describe } from '../options.js'
import { mapFields, toCamelCase } from './fields.js'

/** The data of an explanation's JSON, with arrays for lists of numbers. */
export function readData(
  data: Readonly<Record<string, unknown>>,
  params: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const hasLists = countInputs(params, data) > 1
  return mapFields(data, toCamelCase, (field, key) => {
    const isItems = params['rawItems'] === true && fieldsPerInput.has(key)
    if (isItems || plainFields.has(key)) return field
    const isList = key === 'attributions' || (hasLists && fieldsPerInput.has(key))
    if (!isList || !Array.isArray(field)) return readField(key, field)
    return field.map((item) => readField(key, item))
  })
}

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

/**
 * alibi does not write the count: there, it is that of the attributions, if inputs are attributed.
 */
function countInputs(
  { inputCount, layer }: Readonly<Record<string, unknown>>,
  { attributions }: Readonly<Record<string, unknown>>,
): number {
  if (typeof inputCount === 'number') return inputCount
  const attributesInputs = layer === undefined || layer === null
  return attributesInputs && Array.isArray(attributions) ? attributions.length : 1
}

function readField(key: string, value: unknown): unknown {
  if (isRecord(value)) {
    return mapFields(
      value,
      (k) => k,
      (field, k) => readField(k, field),
    )
  }
  if (!Array.isArray(value)) return value
  const array = readNumbers(value, !fieldsPerInput.has(key))
  if (array === undefined) return value.map((item) => readField(key, item))
  return integerFields.has(key) ? { data: Int32Array.from(array.data), shape: array.shape } : array
}

/**
 * The nested lists as an array, with "NaN" and its like as numbers if `named`; undefined if they
 * are no rectangle of numbers.
 */
function readNumbers(value: readonly unknown[], named: boolean): NdArray | undefined {
  const shape: number[] = []
  for (let first: unknown = value; Array.isArray(first); first = first[0]) shape.push(first.length)
  // Before the allocation, since the product of the first lengths may be huge where others are
  // shorter.
  if (!isRectangle(value, shape, 0)) return undefined
  const data = new Float64Array(sizeOf(shape))
  let next = 0
  const fill = (list: readonly unknown[], axis: number): boolean => {
    if (axis < shape.length - 1) return list.every((inner) => fill(inner as unknown[], axis + 1))
    for (const item of list) {
      if (typeof item === 'number') data[next++] = item
      else if (named && isName(item)) data[next++] = Number(item)
      else return false
    }
    return true
  }
  return fill(value, 0) ? { data, shape } : undefined
}

function isRectangle(list: readonly unknown[], shape: readonly number[], axis: number): boolean {
  if (list.length !== shape[axis]) return false
  if (axis === shape.length - 1) return true
  return list.every((inner) => Array.isArray(inner) && isRectangle(inner, shape, axis + 1))
}

const isName = (item: unknown): boolean =>
  item === 'NaN' || item === 'Infinity' || item === '-Infinity'

/** Parses JSON, also that of Python, whose json module writes NaN and infinities bare. */
export function parseTolerantly(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const token = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g
    const quoted = text.replace(token, (found) =>
      found.startsWith('"') ? found : JSON.stringify(bare + found),
    )
    try {
      return unquote(JSON.parse(quoted))
    } catch {
      throw new InvalidArgumentError('json', describe(text), 'the JSON text of an explanation', {
        cause,
      })
    }
  }
}

const bare = '\u0000bare '

/** Changes the marked numbers of a parsed value in place, which is faster than a reviver. */
function unquote(value: unknown): unknown {
  if (typeof value === 'string') {
    return value.startsWith(bare) ? Number(value.slice(bare.length)) : value
  }
  if (typeof value !== 'object' || value === null) return value
  const fields = value as Record<string, unknown>
  for (const key in fields) {
    const field = fields[key]
    if (typeof field === 'string' || typeof field === 'object') fields[key] = unquote(field)
  }
  return value
}

import { InvalidArgumentError } from '../errors.js'
import { hasJson, isNdArray, isPlainRecord } from '../explanation/to-json.js'
import { isRecord } from '../is-record.js'
import type { NdArray } from '../ndarray.js'
import { describe } from '../options.js'

/** How deep objects and lists are nested in a document, at most. */
const mostLevels = 64

/** Takes an array out of a document. Returns the exponent of its scale; 0 without one. */
export type AddArray = (name: string, array: NdArray) => number

/**
 * The canonical JSON (RFC 8785) of a part of an explanation. Arrays are taken out and replaced by
 * references.
 *
 * @param name the name of the part, with which the names of its arrays begin
 * @throws InvalidArgumentError if it is nested too deeply
 */
export function writeDocument(name: string, value: unknown, addArray: AddArray): string {
  const write = (item: unknown, path: string, level: number): string => {
    if (level > mostLevels) {
      throw new InvalidArgumentError(
        path.slice(0, 80),
        'objects or lists that are nested deeper, or that contain themselves',
        `at most ${mostLevels} levels`,
      )
    }
    if (item === null || item === undefined) return 'null'
    if (typeof item === 'number') {
      return Number.isFinite(item) ? JSON.stringify(item) : `{"$number":"${item}"}`
    }
    if (typeof item === 'string' || typeof item === 'boolean') return JSON.stringify(item)
    if (typeof item !== 'object') return JSON.stringify(describe(item))
    if (isNdArray(item)) {
      const exponent = addArray(path, item)
      const scale = exponent === 0 ? '' : `,"exponent":${exponent}`
      return `{"$array":${JSON.stringify(path)}${scale}}`
    }
    if (Array.isArray(item)) {
      return `[${item.map((each, i) => write(each, `${path}.${i}`, level + 1)).join(',')}]`
    }
    if (hasJson(item)) return write(item.toJSON(), path, level + 1)
    if (!isPlainRecord(item)) return JSON.stringify(describe(item))
    const keys = Object.keys(item).sort()
    const fields = keys.map((key) => {
      const field = write(
        (item as Record<string, unknown>)[key],
        `${path}.${encodeKey(key)}`,
        level + 1,
      )
      return `${JSON.stringify(key)}:${field}`
    })
    const text = `{${fields.join(',')}}`
    return keys.some((key) => key.startsWith('$')) ? `{"$object":${text}}` : text
  }
  return write(value, name, 0)
}

/** A key as a part of an array's name. */
function encodeKey(key: string): string {
  try {
    return encodeURIComponent(key).replace(
      /[.!~*'()]/g,
      (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
    )
  } catch (cause) {
    const expected = 'a key without surrogates that lack their partner'
    throw new InvalidArgumentError('key', JSON.stringify(key), expected, { cause })
  }
}

/** Returns an array of a document by its name and the exponent of its scale. */
export type GetArray = (name: string, exponent: number) => NdArray

/**
 * The value of a document, with its arrays.
 *
 * @throws TypeError if it isn't a document
 */
export function readDocument(text: string, getArray: GetArray): unknown {
  const read = (item: unknown, level: number): unknown => {
    if (level > mostLevels)
      throw new TypeError(`more than ${mostLevels} levels of lists or objects`)
    if (Array.isArray(item)) return item.map((each) => read(each, level + 1))
    if (!isRecord(item)) return item
    const special = Object.keys(item).find((key) => key.startsWith('$'))
    if (special === undefined) return readFields(item, level)
    const { $array, exponent = 0, $number, $object, ...others } = item
    if (Object.keys(others).length === 0) {
      if (typeof $array === 'string' && isExponent(exponent)) return getArray($array, exponent)
      if (isName($number)) return Number($number)
      if (isRecord($object)) return readFields($object, level)
    }
    throw new TypeError(`an object with the key ${describe(special)}`)
  }
  const readFields = (fields: object, level: number): object =>
    Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, read(field, level + 1)]))
  return read(JSON.parse(text), 0)
}

const isName = (value: unknown): boolean =>
  value === 'NaN' || value === 'Infinity' || value === '-Infinity'

const isExponent = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= -125 && value <= 113

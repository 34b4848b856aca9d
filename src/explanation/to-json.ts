import { isRecord } from '../is-record.js'
import { type NdArray, sizeOf } from '../ndarray.js'
import { describe } from '../options.js'
import { mapFields } from './fields.js'

/**
 * The value as JSON has it: nested lists for arrays, names for numbers that are not finite. A value
 * that JSON cannot hold, such as a user's raw example, becomes its description.
 */
export function toJsonValue(value: unknown, around: readonly unknown[] = []): unknown {
  if (typeof value === 'number') return finiteOrName(value)
  if (typeof value === 'string' || typeof value === 'boolean') return value
  if (value === undefined || value === null) return null
  if (isNdArray(value)) return toNestedJson(value)
  if (typeof value !== 'object' || around.includes(value)) return describe(value)
  const inner = (field: unknown): unknown => toJsonValue(field, [...around, value])
  if (Array.isArray(value)) return value.map(inner)
  if (hasJson(value)) return inner(value.toJSON())
  return isPlainRecord(value) ? mapFields(value, (key) => key, inner) : describe(value)
}

export const hasJson = (value: object): value is { toJSON(): unknown } =>
  'toJSON' in value && typeof value.toJSON === 'function'

/** True for an object without a class of its own, also from another frame of the page. */
export function isPlainRecord(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

export function isNdArray(value: unknown): value is NdArray {
  return isRecord(value) && ArrayBuffer.isView(value['data']) && Array.isArray(value['shape'])
}

function toNestedJson({ data, shape }: NdArray): unknown {
  const build = (axis: number, offset: number): unknown => {
    const length = shape[axis]
    if (length === undefined) return finiteOrName(data[offset] ?? NaN)
    const step = sizeOf(shape.slice(axis + 1))
    const list = new Array<unknown>(length)
    for (let i = 0; i < length; i++) {
      list[i] =
        axis === shape.length - 1
          ? finiteOrName(data[offset + i] ?? NaN)
          : build(axis + 1, offset + i * step)
    }
    return list
  }
  return build(0, 0)
}

const finiteOrName = (value: number): number | string =>
  Number.isFinite(value) ? value : String(value)

import { InvalidArgumentError, NonFiniteError } from './errors.js'
import { describe } from './options.js'

/** The typed arrays that an NdArray can have. */
export type TypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint8ClampedArray
  | Uint16Array
  | Uint32Array

/** An n-dimensional array, row-major: the element [i, j] of shape [n, m] is `data[i * m + j]`. */
export interface NdArray {
  readonly data: TypedArray
  readonly shape: readonly number[]
}

/** A number, or lists of numbers nested to any depth. */
export type NestedNumbers = number | readonly NestedNumbers[]

/** The number of elements of a shape: 1 for a scalar's []. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, length) => size * length, 1)
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((length, axis) => length === b[axis])
}

/** What to do about a non-finite number that the model computed. */
export const lookAtTheModel = 'Look at the weights, and at the scale of the data.'

/** Rows start … end−1 along the first axis, as a view: no element is copied. */
export function rows(array: NdArray, start: number, end: number): NdArray {
  const rowSize = sizeOf(array.shape.slice(1))
  return {
    data: array.data.subarray(start * rowSize, end * rowSize),
    shape: [end - start, ...array.shape.slice(1)],
  }
}

/** The rows of the given indices, in their order, as a new array of shape [indices.length, …]. */
export function takeRows(array: NdArray, indices: ArrayLike<number>): NdArray {
  const rowSize = sizeOf(array.shape.slice(1))
  const data = zerosLike(array.data, indices.length * rowSize)
  for (let i = 0; i < indices.length; i++) {
    const row = indices[i] ?? 0
    data.set(array.data.subarray(row * rowSize, (row + 1) * rowSize), i * rowSize)
  }
  return { data, shape: [indices.length, ...array.shape.slice(1)] }
}

/** The rows of all parts, one part after the other. */
export function concatenateRows(parts: readonly NdArray[]): NdArray {
  const [first] = parts
  if (first === undefined) return { data: new Float32Array(), shape: [0] }
  const exampleCount = parts.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0)
  const shape = [exampleCount, ...first.shape.slice(1)]
  const data = zerosLike(first.data, sizeOf(shape))
  let offset = 0
  for (const part of parts) {
    data.set(part.data, offset)
    offset += part.data.length
  }
  return { data, shape }
}

/** An array of the nested lists' shape, float64. */
export function fromNestedNumbers(argument: string, value: NestedNumbers): NdArray {
  const shape: number[] = []
  let first: unknown = value
  while (Array.isArray(first)) {
    shape.push(first.length)
    first = first[0]
  }
  const data = new Float64Array(sizeOf(shape))
  let next = 0
  const fill = (level: unknown, axis: number): void => {
    if (typeof level === 'number' && axis === shape.length) {
      data[next++] = level
    } else if (Array.isArray(level) && level.length === shape[axis]) {
      for (const item of level) fill(item, axis + 1)
    } else {
      const at = data.length === 0 ? '' : indexOf(next, shape).slice(0, axis).join(', ')
      throw new InvalidArgumentError(
        argument,
        at === '' ? `a list with ${describe(level)}` : `${describe(level)} at [${at}]`,
        `numbers in lists of equal lengths, of shape [${shape.join(', ')}] by the first ones`,
      )
    }
  }
  fill(value, 0)
  return { data, shape }
}

/** @throws NonFiniteError with the index of the first element that is NaN or infinite, also once it is float32. */
export function assertFinite(
  argument: string,
  array: NdArray,
  remedy = 'Remove or replace it.',
): void {
  const offset = array.data.findIndex((value) => !Number.isFinite(Math.fround(value)))
  if (offset < 0) return
  const value = array.data[offset] ?? NaN
  throw new NonFiniteError(
    argument,
    value,
    indexOf(offset, array.shape),
    Number.isFinite(value) ? 'It is beyond ±3.4e38, the range of float32; scale the data.' : remedy,
  )
}

/** The index per axis of a row-major offset. */
export function indexOf(offset: number, shape: readonly number[]): number[] {
  const index: number[] = []
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const length = shape[axis] ?? 1
    index.unshift(offset % length)
    offset = Math.floor(offset / length)
  }
  return index
}

/** Zeros, in a typed array of the same kind. */
export function zerosLike(data: TypedArray, length: number): TypedArray {
  return new (data.constructor as new (length: number) => TypedArray)(length)
}

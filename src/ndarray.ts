import { InvalidArgumentError, NonFiniteError } from './errors.js'
import { describe } from './options.js'

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

/** A framework's tensor, as far as this library looks at it (tf.Tensor is one). */
export interface TensorLike {
  readonly shape: readonly number[]
  data(): Promise<ArrayLike<number> | readonly string[]>
}

export type NestedNumbers = number | readonly NestedNumbers[]

/** Accepted wherever data goes in. Data are copied when they are read; the caller's are never changed. */
export type ArrayInput = NdArray | TensorLike | NestedNumbers

/** The number of elements of a shape: 1 for a scalar's []. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, length) => size * length, 1)
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((length, axis) => length === b[axis])
}

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
  const data = emptyLike(array.data, indices.length * rowSize)
  for (let i = 0; i < indices.length; i++) {
    const row = indices[i] ?? 0
    data.set(array.data.subarray(row * rowSize, (row + 1) * rowSize), i * rowSize)
  }
  return { data, shape: [indices.length, ...array.shape.slice(1)] }
}

/**
 * Reads any accepted form of data into an NdArray of its own. Nested lists become float64, so that the
 * caller's numbers come back as they were.
 *
 * @throws InvalidArgumentError if a list is ragged, or the data do not fit the shape, or are no numbers.
 */
export async function toNdArray(argument: string, value: ArrayInput): Promise<NdArray> {
  if (typeof value === 'number' || Array.isArray(value)) {
    return fromNestedNumbers(argument, value as NestedNumbers)
  }
  if (typeof value !== 'object' || value === null || !('shape' in value) || !('data' in value)) {
    throw new InvalidArgumentError(
      argument,
      describe(value),
      'a number, nested lists of numbers, { data, shape } or a tensor',
    )
  }
  const source = typeof value.data === 'function' ? await value.data() : value.data
  if (!isTypedArray(source)) {
    throw new InvalidArgumentError(argument, describe(source), 'a typed array of numbers as data')
  }
  if (source.length !== sizeOf(value.shape)) {
    throw new InvalidArgumentError(
      argument,
      `${String(source.length)} elements for shape [${value.shape.join(', ')}]`,
      `${String(sizeOf(value.shape))} elements`,
    )
  }
  return { data: source.slice(), shape: [...value.shape] }
}

/** Nested lists of the array's shape; a plain number for a scalar. */
export function toNestedNumbers(array: NdArray): NestedNumbers {
  const build = (axis: number, offset: number): NestedNumbers => {
    const length = array.shape[axis]
    if (length === undefined) return array.data[offset] ?? NaN
    const step = sizeOf(array.shape.slice(axis + 1))
    return Array.from({ length }, (_, i) => build(axis + 1, offset + i * step))
  }
  return build(0, 0)
}

/** An array of the nested lists' shape, float64. */
export function fromNestedNumbers(argument: string, value: NestedNumbers): NdArray {
  const shape: number[] = []
  for (let level = value; typeof level !== 'number';) {
    shape.push(level.length)
    const first = level[0]
    if (first === undefined) break
    level = first
  }
  const data = new Float64Array(sizeOf(shape))
  let next = 0
  const fill = (level: NestedNumbers, axis: number): void => {
    if (typeof level === 'number' && axis === shape.length) {
      data[next++] = level
    } else if (Array.isArray(level) && level.length === shape[axis]) {
      for (const item of level as readonly NestedNumbers[]) fill(item, axis + 1)
    } else {
      throw new InvalidArgumentError(
        argument,
        `nested lists with ${describe(level)} at depth ${String(axis)}`,
        `numbers in lists of equal lengths, here of shape [${shape.join(', ')}]`,
      )
    }
  }
  fill(value, 0)
  return { data, shape }
}

/** @throws NonFiniteError with the index of the first element that is NaN or infinite. */
export function assertFinite(argument: string, array: NdArray): void {
  const offset = array.data.findIndex((value) => !Number.isFinite(value))
  if (offset < 0) return
  throw new NonFiniteError(
    argument,
    array.data[offset] ?? NaN,
    indexOf(offset, array.shape),
    'Remove or replace it.',
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

function isTypedArray(value: unknown): value is TypedArray {
  return (
    ArrayBuffer.isView(value) &&
    !(value instanceof DataView) &&
    !(value instanceof BigInt64Array) &&
    !(value instanceof BigUint64Array)
  )
}

function emptyLike(data: TypedArray, length: number): TypedArray {
  return new (data.constructor as new (length: number) => TypedArray)(length)
}

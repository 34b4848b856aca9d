import { InvalidArgumentError } from './errors.js'
import { isRecord } from './is-record.js'
import {
  fromNestedNumbers,
  indexOf,
  type NdArray,
  sizeOf,
  type TypedArray,
  zerosLike,
} from './ndarray.js'
import { describe } from './options.js'

/** Numbers in one block. 64-bit integers must fit in 32 bits, as token ids do. */
export type NumberArray = TypedArray | BigInt64Array | BigUint64Array

/** Numbers, one list per axis; the innermost lists may be typed arrays. */
export type NestedArrays = number | NumberArray | readonly NestedArrays[]

/** An array with its data in one block: row-major, unless it has strides. */
export interface ArrayObject {
  readonly data: NumberArray | readonly number[]
  readonly shape: readonly number[]
  /** How many elements apart two neighbours along each axis are, as zarrita and ndarray write it. */
  readonly stride?: readonly number[]
  /** The same under the other common name. */
  readonly strides?: readonly number[]
  /** The position in `data` of the first element. Default 0. */
  readonly offset?: number
}

/** A tensor of ONNX Runtime, as far as this library reads it. */
export interface OnnxTensorLike {
  readonly data: unknown
  readonly dims: readonly number[]
  readonly type: string
}

/** A framework's tensor, as far as this library reads it (tf.Tensor is one). */
export interface TensorLike {
  readonly shape: readonly number[]
  /** Resolves to the elements, row-major. */
  data(): Promise<ArrayLike<number> | readonly string[]>
}

/** Accepted wherever data goes in. Data are copied when they are read; the caller's are never changed. */
export type ArrayInput = ArrayObject | OnnxTensorLike | TensorLike | NestedArrays

/** True for an object that holds one array, in contrast to a list, or to several arrays by name. */
export function isArrayObject(value: unknown): value is ArrayObject | OnnxTensorLike | TensorLike {
  return isRecord(value) && 'data' in value && ('shape' in value || 'dims' in value)
}

/**
 * Copies any accepted form of data into a row-major NdArray. Lists become float64, so that the caller's numbers
 * stay as they are; 64-bit integers become int32.
 *
 * @throws InvalidArgumentError if a list is ragged, if the data don't fit the shape or the strides, or if they
 *   aren't numbers
 */
export async function toNdArray(argument: string, value: ArrayInput): Promise<NdArray> {
  if (typeof value === 'number' || Array.isArray(value)) return fromNestedArrays(argument, value)
  const kind = kindOf(value)
  if (kind !== undefined) {
    const data = ownNumbers(argument, value)
    return { data, shape: [data.length] }
  }
  if (!isArrayObject(value)) {
    throw new InvalidArgumentError(
      argument,
      describe(value),
      'a number, a typed array, nested lists of these, { data, shape } or a tensor',
    )
  }
  const shape = readShape(argument, value)
  if (isTensor(value)) {
    return {
      data: sized(argument, ownNumbers(argument, await readTensor(argument, value)), shape),
      shape,
    }
  }
  const layout = readLayout(argument, value, shape)
  const data = ownNumbers(argument, readData(argument, value))
  return {
    data: layout === null ? sized(argument, data, shape) : gather(argument, data, shape, layout),
    shape,
  }
}

function readShape(argument: string, value: object): number[] {
  const { shape, dims } = value as { readonly shape?: unknown; readonly dims?: unknown }
  const given = shape ?? dims
  const isShape =
    Array.isArray(given) && given.every((length) => Number.isInteger(length) && length >= 0)
  if (!isShape) {
    const got = Array.isArray(given) ? `[${given.join(', ')}]` : describe(given)
    throw new InvalidArgumentError(argument, `shape ${got}`, 'a shape of integers of 0 or more')
  }
  if (shape !== undefined && dims !== undefined && listed(shape) !== listed(dims)) {
    throw new InvalidArgumentError(
      argument,
      `shape ${listed(shape)} and dims ${listed(dims)}`,
      'only one of the two, or both the same',
    )
  }
  return [...(given as number[])]
}

/** Where the elements of a strided array are in its data. */
interface Layout {
  readonly strides: readonly number[]
  readonly offset: number
}

/** The strides and the offset; null for an array that has neither, which is row-major. */
function readLayout(argument: string, value: object, shape: readonly number[]): Layout | null {
  const { stride, strides, offset } = value as Readonly<Record<string, unknown>>
  const given = stride ?? strides
  if (given === undefined && offset === undefined) return null
  if (stride !== undefined && strides !== undefined && listed(stride) !== listed(strides)) {
    throw new InvalidArgumentError(
      argument,
      `stride ${listed(stride)} and strides ${listed(strides)}`,
      'only one of the two, or both the same',
    )
  }
  const name = stride === undefined ? 'strides' : 'stride'
  const isStrides =
    given === undefined ||
    (Array.isArray(given) && given.length === shape.length && given.every(Number.isInteger))
  if (!isStrides) {
    throw new InvalidArgumentError(
      argument,
      `${name} ${listed(given)} for shape [${shape.join(', ')}]`,
      `${shape.length} integers, one per axis, counted in elements`,
    )
  }
  if (offset !== undefined && !(Number.isInteger(offset) && (offset as number) >= 0)) {
    throw new InvalidArgumentError(
      argument,
      `offset ${describe(offset)}`,
      'an integer of 0 or more, the position in data of the first element',
    )
  }
  return {
    strides: (given as number[] | undefined) ?? rowMajor(shape),
    offset: (offset as number | undefined) ?? 0,
  }
}

const listed = (value: unknown): string =>
  Array.isArray(value) ? `[${value.join(', ')}]` : describe(value)

const rowMajor = (shape: readonly number[]): number[] =>
  shape.map((_, axis) => sizeOf(shape.slice(axis + 1)))

function readData(argument: string, value: object): unknown {
  const { type, location } = value as Readonly<Record<string, unknown>>
  if (typeof location === 'string' && location.startsWith('gpu')) {
    throw new InvalidArgumentError(
      argument,
      `a tensor whose data are on the GPU ('${location}')`,
      "one whose data are on the CPU: await the tensor's getData() first",
    )
  }
  const { data } = value as { readonly data: unknown }
  if (type === 'float16' && kindOf(data) === 'Uint16Array') {
    throw new InvalidArgumentError(
      argument,
      "a tensor of type 'float16', whose data are the bits of its numbers",
      "type 'float32': cast it in the model, or decode it first",
    )
  }
  return data
}

const isTensor = (value: object): value is TensorLike =>
  'data' in value && typeof value.data === 'function'

async function readTensor(argument: string, tensor: TensorLike): Promise<unknown> {
  try {
    return await tensor.data()
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new InvalidArgumentError(
      argument,
      `a tensor that cannot be read (${reason})`,
      'a tensor that is not disposed; dispose of it after the call',
      { cause },
    )
  }
}

/** A row-major copy of a strided array. */
function gather(
  argument: string,
  data: TypedArray,
  shape: readonly number[],
  { strides, offset }: Layout,
): TypedArray {
  const size = sizeOf(shape)
  const reach = shape.map((length, axis) => (length - 1) * strides[axis]!)
  const first = reach.reduce((sum, way) => sum + Math.min(0, way), offset)
  const last = reach.reduce((sum, way) => sum + Math.max(0, way), offset)
  if (size > 0 && (first < 0 || last >= data.length)) {
    throw new InvalidArgumentError(
      argument,
      `shape [${shape.join(', ')}] with strides [${strides.join(', ')}] and offset ${offset}, which reads ` +
        `the elements from ${first} to ${last} of ${data.length}`,
      `strides that stay between 0 and ${data.length - 1}, counted in elements, not in bytes`,
    )
  }
  const result = zerosLike(data, size)
  const index = shape.map(() => 0)
  let from = offset
  for (let to = 0; to < size; to++) {
    result[to] = data[from]!
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!
      if (++index[axis]! < shape[axis]!) break
      from -= shape[axis]! * strides[axis]!
      index[axis] = 0
    }
  }
  return result
}

function sized(argument: string, data: TypedArray, shape: readonly number[]): TypedArray {
  if (data.length === sizeOf(shape)) return data
  throw new InvalidArgumentError(
    argument,
    `${data.length} elements for shape [${shape.join(', ')}]`,
    `${sizeOf(shape)} elements`,
  )
}

/** A copy of the numbers: a typed array of the same kind, int32 for 64-bit integers, float64 for a list. */
function ownNumbers(argument: string, source: unknown): TypedArray {
  const kind = kindOf(source)
  if (kind === 'BigInt64Array' || kind === 'BigUint64Array') {
    return fromBigInts(argument, source as BigInt64Array | BigUint64Array)
  }
  // Not slice(): a Node Buffer would share its memory.
  if (kind !== undefined) return new (constructorOf(kind))(source as TypedArray)
  if (Array.isArray(source)) {
    const at = source.findIndex((item) => typeof item !== 'number')
    if (at < 0) return Float64Array.from(source as number[])
    throw new InvalidArgumentError(
      argument,
      `${describe(source[at])} at ${at} of data`,
      'numbers as data',
    )
  }
  throw new InvalidArgumentError(
    argument,
    describe(source),
    'a typed array or a list of numbers as data',
  )
}

function fromBigInts(argument: string, source: BigInt64Array | BigUint64Array): Int32Array {
  const at = source.findIndex((item: bigint) => BigInt.asIntN(32, item) !== item)
  if (at < 0) return Int32Array.from(source as Iterable<bigint>, Number)
  throw new InvalidArgumentError(
    argument,
    `${String(source[at])}n at ${at} of data`,
    '64-bit integers from -2147483648 to 2147483647, which int32 can hold',
  )
}

/** An array of the nested lists' shape, float64. */
function fromNestedArrays(argument: string, value: NestedArrays): NdArray {
  const shape: number[] = []
  let first: unknown = value
  while (Array.isArray(first)) {
    shape.push(first.length)
    first = first[0]
  }
  if (kindOf(first) === undefined) return fromNestedNumbers(argument, value as number)
  const rowSize = (first as TypedArray).length
  const data = new Float64Array(sizeOf(shape) * rowSize)
  let row = 0
  const fill = (level: unknown, axis: number): void => {
    if (axis === shape.length && kindOf(level) !== undefined) {
      if ((level as TypedArray).length === rowSize) {
        data.set(ownNumbers(argument, level), row++ * rowSize)
        return
      }
    } else if (axis < shape.length && Array.isArray(level) && level.length === shape[axis]) {
      for (const item of level) fill(item, axis + 1)
      return
    }
    throw new InvalidArgumentError(
      argument,
      `${describe(level)} at [${indexOf(row, shape).slice(0, axis).join(', ')}]`,
      `typed arrays of equal lengths, of shape [${[...shape, rowSize].join(', ')}] by the first one`,
    )
  }
  fill(value, 0)
  return { data, shape: [...shape, rowSize] }
}

/** The name of a typed array's class, of any frame of the page; undefined for anything else. */
function kindOf(value: unknown): string | undefined {
  if (!ArrayBuffer.isView(value) || value instanceof DataView) return undefined
  // A subclass, such as a Node Buffer, has its parent's tag.
  return (value as TypedArray)[Symbol.toStringTag]
}

const constructorOf = (kind: string): new (source: TypedArray) => TypedArray =>
  (globalThis as unknown as Record<string, new (source: TypedArray) => TypedArray>)[kind]!

import { InvalidArgumentError } from '../errors.js'
import { type NdArray, sizeOf, type TypedArray } from '../ndarray.js'
import { describe } from '../options.js'
import { findExponent, greatestExponent, readFloat16, writeFloat16 } from './float16-arrays.js'

/** How floating-point arrays are written: each with its own type, or all as float32 or float16. */
export type FrameDtype = 'float32' | 'float16'

/** The name of an element type in a safetensors file. */
export type Dtype = keyof typeof elementSizes

const elementSizes = {
  F64: 8,
  I64: 8,
  U64: 8,
  F32: 4,
  I32: 4,
  U32: 4,
  F16: 2,
  BF16: 2,
  I16: 2,
  U16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
} as const

export const isDtype = (value: unknown): value is Dtype =>
  typeof value === 'string' && Object.hasOwn(elementSizes, value)

export const getElementSize = (dtype: Dtype): number => elementSizes[dtype]

/** An array as it is written. */
export interface StoredArray {
  readonly name: string
  readonly dtype: Dtype
  readonly shape: readonly number[]
  readonly data: TypedArray
  /** The elements are multiplied by 2^−exponent. */
  readonly exponent: number
}

const dtypesByClass: Readonly<Record<string, Dtype>> = {
  Float64Array: 'F64',
  Float32Array: 'F32',
  Float16Array: 'F32',
  Int32Array: 'I32',
  Int16Array: 'I16',
  Int8Array: 'I8',
  Uint32Array: 'U32',
  Uint16Array: 'U16',
  Uint8Array: 'U8',
  Uint8ClampedArray: 'U8',
}

/**
 * How an array is written.
 *
 * @throws InvalidArgumentError if it has other elements, another length than its shape, or numbers
 *   that don't fit
 */
export function prepareArray(
  name: string,
  { data, shape }: NdArray,
  floats: FrameDtype | undefined,
): StoredArray {
  const plain = isWide(data) ? narrowIntegers(name, data) : data
  // Arrays from another frame of the page have other classes of the same names.
  const dtype = dtypesByClass[Object.prototype.toString.call(plain).slice(8, -1)]
  if (dtype === undefined) {
    throw new InvalidArgumentError(name, describe(data), 'a typed array of numbers as its data')
  }
  if (!shape.every(isLength) || sizeOf(shape) !== plain.length) {
    const got = `${plain.length} elements for shape [${shape.join(', ')}]`
    throw new InvalidArgumentError(name, got, 'as many elements as the shape has')
  }
  const array = { name, dtype, shape, data: plain, exponent: 0 }
  if (floats === undefined || !dtype.startsWith('F')) return array
  if (dtype === 'F64') assertFloat32(name, plain)
  if (floats === 'float32') return { ...array, dtype: 'F32' }
  const exponent = findExponent(plain)
  if (exponent > greatestExponent)
    throw createRangeError(name, 'numbers that float16 rounds to 2¹²⁸')
  return { ...array, dtype: 'F16', exponent }
}

/** Writes the elements at an offset that is a multiple of the element size. */
export function writeArray(
  { dtype, data, exponent }: StoredArray,
  buffer: ArrayBuffer,
  offset: number,
): void {
  if (dtype === 'F16') writeFloat16(data, exponent, new Uint16Array(buffer, offset, data.length))
  else if (dtype === 'F32' && !(data instanceof Float32Array)) {
    const written = new Float32Array(buffer, offset, data.length)
    // Other NaNs may have other bits.
    for (let i = 0; i < data.length; i++) written[i] = Number.isNaN(data[i]!) ? NaN : data[i]!
  } else {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    new Uint8Array(buffer, offset, data.byteLength).set(bytes)
  }
}

/**
 * The elements at an offset that is a multiple of the element size, as a view where JavaScript has
 * the type.
 *
 * @throws InvalidArgumentError for 64-bit integers that float64 doesn't have
 */
export function readArray(
  name: string,
  dtype: Dtype,
  { buffer, offset, length }: { buffer: ArrayBufferLike; offset: number; length: number },
): TypedArray {
  switch (dtype) {
    case 'F64':
      return new Float64Array(buffer, offset, length)
    case 'F32':
      return new Float32Array(buffer, offset, length)
    case 'F16':
      return readFloat16(new Uint16Array(buffer, offset, length))
    case 'BF16':
      return widenBfloat16(new Uint16Array(buffer, offset, length))
    case 'I64':
      return narrowIntegers(name, new BigInt64Array(buffer, offset, length))
    case 'U64':
      return narrowIntegers(name, new BigUint64Array(buffer, offset, length))
    case 'I32':
      return new Int32Array(buffer, offset, length)
    case 'U32':
      return new Uint32Array(buffer, offset, length)
    case 'I16':
      return new Int16Array(buffer, offset, length)
    case 'U16':
      return new Uint16Array(buffer, offset, length)
    case 'I8':
      return new Int8Array(buffer, offset, length)
    case 'U8':
    case 'BOOL':
      return new Uint8Array(buffer, offset, length)
  }
}

export const isLength = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0

const isWide = (data: unknown): data is BigInt64Array | BigUint64Array =>
  data instanceof BigInt64Array || data instanceof BigUint64Array

const safe = BigInt(Number.MAX_SAFE_INTEGER) + 1n

/** 64-bit integers as int32 if each fits, otherwise as float64. */
function narrowIntegers(
  name: string,
  wide: BigInt64Array | BigUint64Array,
): Int32Array | Float64Array {
  let fits = true
  for (const value of wide) {
    if (value > safe || value < -safe) {
      const expected =
        'integers within ±2⁵³, which float64 has exactly; write others as float64 or as texts'
      throw new InvalidArgumentError(name, `the 64-bit integer ${value}`, expected)
    }
    if (value > 0x7fffffffn || value < -0x80000000n) fits = false
  }
  return fits ? Int32Array.from(wide, Number) : Float64Array.from(wide, Number)
}

function widenBfloat16(bits: Uint16Array): Float32Array {
  const wide = new Uint32Array(bits.length)
  for (let i = 0; i < bits.length; i++) wide[i] = bits[i]! << 16
  return new Float32Array(wide.buffer)
}

function assertFloat32(name: string, data: TypedArray): void {
  const beyond = data.find(
    (value) => Number.isFinite(value) && !Number.isFinite(Math.fround(value)),
  )
  if (beyond === undefined) return
  throw createRangeError(name, String(beyond))
}

function createRangeError(name: string, got: string): InvalidArgumentError {
  const expected = 'numbers within ±3.4e38, the range of float32; leave out dtype to keep them'
  return new InvalidArgumentError(name, got, expected)
}

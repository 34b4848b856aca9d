import type { NdArray } from 'gradlens'
import { fromFloat16Bits } from '../../float16.js'
import { InputError } from './array-source.js'

/** A typed array of numbers. */
export type Numbers = NdArray['data']

/**
 * Converts 64-bit integers to 32-bit ones, which models and our typed arrays have.
 *
 * @param at describes the place of a number
 * @throws InputError if one does not fit
 */
export function toInt32(
  values: BigInt64Array | BigUint64Array,
  at: (index: number) => string,
): Int32Array {
  const index = values.findIndex((value) => value < -(2n ** 31n) || value >= 2n ** 31n)
  if (index >= 0) {
    throw new InputError(
      `${at(index)}: got ${values[index]!}; expected integers of 32 bits. Larger numbers are not exact in a ` +
        'model; renumber them if they are identifiers.',
    )
  }
  return Int32Array.from(values, Number)
}

/** How the bytes of an array are decoded. */
export interface NumberFormat {
  readonly byteLength: number
  readonly read: (buffer: ArrayBuffer, at: (index: number) => string) => Numbers
}

/** By the type codes of .npy files, such as `f4`; little-endian. */
export const numberFormats: Readonly<Record<string, NumberFormat>> = {
  f2: {
    byteLength: 2,
    read: (buffer) => Float32Array.from(new Uint16Array(buffer), fromFloat16Bits),
  },
  f4: { byteLength: 4, read: (buffer) => new Float32Array(buffer) },
  f8: { byteLength: 8, read: (buffer) => new Float64Array(buffer) },
  i1: { byteLength: 1, read: (buffer) => new Int8Array(buffer) },
  i2: { byteLength: 2, read: (buffer) => new Int16Array(buffer) },
  i4: { byteLength: 4, read: (buffer) => new Int32Array(buffer) },
  i8: { byteLength: 8, read: (buffer, at) => toInt32(new BigInt64Array(buffer), at) },
  u1: { byteLength: 1, read: (buffer) => new Uint8Array(buffer) },
  u2: { byteLength: 2, read: (buffer) => new Uint16Array(buffer) },
  u4: { byteLength: 4, read: (buffer) => new Uint32Array(buffer) },
  u8: { byteLength: 8, read: (buffer, at) => toInt32(new BigUint64Array(buffer), at) },
  b1: { byteLength: 1, read: (buffer) => new Uint8Array(buffer) },
}

import type { NdArray } from 'gradlens'
import { fromFloat16Bits } from '../../float16.js'
import { InputError } from './array-source.js'

/** A typed array of numbers. */
export type Numbers = NdArray['data']

/**
 * 64-bit integers as 32-bit ones, which is what models and JavaScript's typed arrays have.
 *
 * @param at names where the first of them stands
 * @throws InputError if one does not fit
 */
export function int32Of(
  values: BigInt64Array | BigUint64Array,
  at: (index: number) => string,
): Int32Array {
  const index = values.findIndex((value) => value < -(2n ** 31n) || value >= 2n ** 31n)
  if (index >= 0) {
    throw new InputError(
      `${at(index)}: got ${String(values[index])}; expected integers of 32 bits. Other numbers do not survive in a ` +
        'model; as identifiers, renumber them.',
    )
  }
  return Int32Array.from(values, Number)
}

/** How bytes are read as numbers: the length of one, and all of them. */
export interface NumberFormat {
  readonly byteLength: number
  readonly read: (buffer: ArrayBuffer, at: (index: number) => string) => Numbers
}

/** By the type codes of .npy, little-endian: `<f4`. */
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
  i8: { byteLength: 8, read: (buffer, at) => int32Of(new BigInt64Array(buffer), at) },
  u1: { byteLength: 1, read: (buffer) => new Uint8Array(buffer) },
  u2: { byteLength: 2, read: (buffer) => new Uint16Array(buffer) },
  u4: { byteLength: 4, read: (buffer) => new Uint32Array(buffer) },
  u8: { byteLength: 8, read: (buffer, at) => int32Of(new BigUint64Array(buffer), at) },
  b1: { byteLength: 1, read: (buffer) => new Uint8Array(buffer) },
}

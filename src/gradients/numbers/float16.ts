import {
  float16InfinityBits,
  float32InfinityBits,
  fromFloat16Bits,
  toFloat16Bits,
} from '../../float16.js'
import { getNumberKernels } from './number-kernels.js'

/** Decodes rows that `encodeFloat16` wrote, with the exponent that it returned for each of them. */
export function decodeFloat16(
  bits: Uint16Array,
  rowSize: number,
  exponents: Int16Array,
): Float32Array {
  const kernels = getNumberKernels()
  // The kernels do not clamp numbers that overflow.
  if (kernels === undefined || exponents.some((exponent) => exponent >= largestExponent)) {
    return decodeInJavaScript(bits, rowSize, exponents)
  }
  const decoded = new Float32Array(bits.length)
  kernels.decodeFloat16(bits, rowSize, exponents, decoded)
  return decoded
}

/** Decodes as `decodeFloat16` does, without WebAssembly. */
export function decodeInJavaScript(
  bits: Uint16Array,
  rowSize: number,
  exponents: Int16Array,
): Float32Array {
  const values = (valueTable ??= Float32Array.from({ length: 0x10000 }, (_, i) =>
    fromFloat16Bits(i),
  ))
  const decoded = new Float32Array(bits.length)
  for (let row = 0, at = 0; at < bits.length; row++) {
    const exponent = exponents[row]!
    const scale = 2 ** exponent
    const end = at + rowSize
    for (let i = at; i < end; i++) decoded[i] = values[bits[i]!]! * scale
    if (exponent >= largestExponent) {
      for (let i = at; i < end; i++) {
        // Encoding rounded this number up to 2¹²⁸, which is beyond float32.
        const isFinite = (bits[i]! & float16InfinityBits) !== float16InfinityBits
        if (isFinite && !Number.isFinite(decoded[i])) {
          decoded[i] = Math.sign(decoded[i]!) * largestFloat32
        }
      }
    }
    at = end
  }
  return decoded
}

let valueTable: Float32Array | undefined

/**
 * Encodes a row of numbers as float16, all divided by one power of two, and returns the exponent of that power. The
 * largest number ends up in [2¹⁴, 2¹⁵), so that none overflows and each keeps the precision of float16 relative to the
 * largest, whatever the magnitude of the row. NaN and infinities stay what they are.
 */
export function encodeFloat16(values: Float32Array, into: Uint16Array): number {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
  let largest = 0
  for (const number of bits) {
    const magnitude = number & 0x7fffffff
    if (magnitude > largest && magnitude < float32InfinityBits) largest = magnitude
  }
  const exponent = largest === 0 ? 0 : readExponent(largest) - 14
  const scale = 2 ** -exponent
  // No finite number becomes an infinity here: the largest one is below 2¹⁵.
  for (let i = 0; i < values.length; i++) into[i] = toFloat16Bits(values[i]! * scale)
  return exponent
}

/** ⌊log₂⌋ of the positive finite float32 of these bits. */
function readExponent(bits: number): number {
  return bits >= 0x800000 ? (bits >>> 23) - 127 : -118 - Math.clz32(bits)
}

/** The exponent of the float32 numbers just below 2¹²⁸. */
const largestExponent = 127 - 14
const largestFloat32 = 3.4028234663852886e38

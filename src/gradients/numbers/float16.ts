import { numberKernels } from './number-kernels.js'

const float = new Float32Array(1)
const floatBits = new Uint32Array(float.buffer)

/** The bits of the float16 nearest to a float32, ties to even; beyond ±65,520 those of an infinity. */
export function float16Bits(value: number): number {
  float[0] = value
  const bits = floatBits[0]!
  const sign = (bits >>> 16) & 0x8000
  const magnitude = bits & 0x7fffffff
  if (magnitude > float32Infinity) return sign | 0x7e00
  if (magnitude >= float32Of65536) return sign | float16Infinity
  if (magnitude < smallestNormal) {
    // A float32 of [½, 1) counts in steps of 2⁻²⁴, which are those of subnormal float16: the addition rounds.
    float[0] = Math.abs(value) + 0.5
    return sign | (floatBits[0]! - decodeFloat16Bits)
  }
  // Half of a step less one, and one more where the last bit kept is odd, so that ties go to even.
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1)
  return sign | ((rounded - exponentBiasDifference) >>> 13)
}

/** The number that the bits of a float16 stand for. */
export function float16Value(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >>> 10) & 31
  const fraction = bits & 0x3ff
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN
  if (exponent === 0) return sign * fraction * 2 ** -24
  return sign * (1024 + fraction) * 2 ** (exponent - 25)
}

/** What `encodeFloat16` wrote, with the exponent that it returned for each row. */
export function decodeFloat16(
  bits: Uint16Array,
  rowSize: number,
  exponents: Int16Array,
): Float32Array {
  const kernels = numberKernels()
  // Where a number may overflow, it takes a second look.
  if (kernels === undefined || exponents.some((exponent) => exponent >= largestExponent)) {
    return plainDecodeFloat16(bits, rowSize, exponents)
  }
  const decoded = new Float32Array(bits.length)
  kernels.decodeFloat16(bits, rowSize, exponents, decoded)
  return decoded
}

/** In JavaScript. */
export function plainDecodeFloat16(
  bits: Uint16Array,
  rowSize: number,
  exponents: Int16Array,
): Float32Array {
  const values = (valueTable ??= Float32Array.from({ length: 0x10000 }, (_, i) => float16Value(i)))
  const decoded = new Float32Array(bits.length)
  for (let row = 0, at = 0; at < bits.length; row++) {
    const exponent = exponents[row]!
    const scale = 2 ** exponent
    const end = at + rowSize
    for (let i = at; i < end; i++) decoded[i] = values[bits[i]!]! * scale
    if (exponent >= largestExponent) {
      for (let i = at; i < end; i++) {
        // Rounded up to 2¹²⁸, which float32 does not have.
        if ((bits[i]! & float16Infinity) !== float16Infinity && !Number.isFinite(decoded[i])) {
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
 * Writes numbers as float16, all of them divided by one power of two, and returns its exponent: the largest comes to
 * lie in [2¹⁴, 2¹⁵). So none overflows, and each keeps the precision of float16 relative to the largest, whatever the
 * row's magnitude. NaN and infinities stay what they are.
 */
export function encodeFloat16(values: Float32Array, into: Uint16Array): number {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
  let largest = 0
  for (const number of bits) {
    const magnitude = number & 0x7fffffff
    if (magnitude > largest && magnitude < float32Infinity) largest = magnitude
  }
  const exponent = largest === 0 ? 0 : binaryExponent(largest) - 14
  const scale = 2 ** -exponent
  // Beyond what a finite float32 holds, a product would be an infinity too: it is one of a row's own infinities only.
  for (let i = 0; i < values.length; i++) into[i] = float16Bits(values[i]! * scale)
  return exponent
}

/** ⌊log₂⌋ of the positive finite float32 of these bits. */
function binaryExponent(bits: number): number {
  return bits >= 0x800000 ? (bits >>> 23) - 127 : -118 - Math.clz32(bits)
}

const float32Infinity = 0x7f800000
const float16Infinity = 0x7c00
/** That of the float32 just below 2¹²⁸. */
const largestExponent = 127 - 14
const largestFloat32 = 3.4028234663852886e38
const float32Of65536 = 0x47800000
const decodeFloat16Bits = 0x3f000000
/** 2⁻¹⁴ */
const smallestNormal = 0x38800000
/** 127 − 15, where a float32's exponent stands. */
const exponentBiasDifference = 0x38000000

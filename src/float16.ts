/** Conversions between numbers and the bits of IEEE 754 half precision. */

const float = new Float32Array(1)
const floatBits = new Uint32Array(float.buffer)

/** The bits of the float16 nearest to a float32, ties to even; an infinity from ±65,520 on. */
export function toFloat16Bits(value: number): number {
  float[0] = value
  const bits = floatBits[0]!
  const sign = (bits >>> 16) & 0x8000
  const magnitude = bits & 0x7fffffff
  if (magnitude > float32InfinityBits) return sign | 0x7e00
  if (magnitude >= bitsOf65536) return sign | float16InfinityBits
  if (magnitude < smallestNormalBits) {
    // The float32 numbers from ½ to 1 are 2⁻²⁴ apart, as subnormal float16 numbers are: the addition rounds.
    float[0] = Math.abs(value) + 0.5
    return sign | (floatBits[0]! - bitsOfOneHalf)
  }
  // Half a step less one, and one more where the last bit kept is odd, so that ties go to even.
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1)
  return sign | ((rounded - exponentBiasDifference) >>> 13)
}

/** The number that the bits of a float16 represent. */
export function fromFloat16Bits(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >>> 10) & 31
  const fraction = bits & 0x3ff
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN
  if (exponent === 0) return sign * fraction * 2 ** -24
  return sign * (1024 + fraction) * 2 ** (exponent - 25)
}

export const float16InfinityBits = 0x7c00
export const float32InfinityBits = 0x7f800000

const bitsOf65536 = 0x47800000
const bitsOfOneHalf = 0x3f000000
/** The bits of the float32 2⁻¹⁴. */
const smallestNormalBits = 0x38800000
/** 127 − 15, at the place of a float32's exponent. */
const exponentBiasDifference = 0x38000000

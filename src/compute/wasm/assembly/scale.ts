/** Rows whose largest number is from 2^-16 to 2^16 stay as they are: products and sums stay within float32. */
const ordinary: i32 = 16

/**
 * Multiplies `count` float32 by a power of two that brings the largest of them near 1, so that computations neither
 * underflow nor overflow, and returns its inverse. It returns 1 if scaling is not needed, or if a number is not finite.
 */
export function normalize(address: usize, count: i32): f64 {
  const end = address + ((<usize>count) << 2)
  const vectorEnd = address + ((<usize>(count & ~3)) << 2)
  const blockEnd = address + ((<usize>(count & ~15)) << 2)
  // Without signs the bits have the order of the magnitudes, non-finite numbers last, and compare faster.
  const bits = i32x4.splat(0x7fffffff)
  let largest0 = i32x4.splat(0)
  let largest1 = i32x4.splat(0)
  let largest2 = i32x4.splat(0)
  let largest3 = i32x4.splat(0)
  let at = address
  for (; at < blockEnd; at += 64) {
    largest0 = i32x4.max_s(largest0, v128.and(v128.load(at), bits))
    largest1 = i32x4.max_s(largest1, v128.and(v128.load(at, 16), bits))
    largest2 = i32x4.max_s(largest2, v128.and(v128.load(at, 32), bits))
    largest3 = i32x4.max_s(largest3, v128.and(v128.load(at, 48), bits))
  }
  for (; at < vectorEnd; at += 16) {
    largest0 = i32x4.max_s(largest0, v128.and(v128.load(at), bits))
  }
  largest0 = i32x4.max_s(i32x4.max_s(largest0, largest1), i32x4.max_s(largest2, largest3))
  let largest = max<i32>(
    max<i32>(i32x4.extract_lane(largest0, 0), i32x4.extract_lane(largest0, 1)),
    max<i32>(i32x4.extract_lane(largest0, 2), i32x4.extract_lane(largest0, 3)),
  )
  for (; at < end; at += 4) largest = max<i32>(largest, load<i32>(at) & 0x7fffffff)
  if (largest === 0) return 1
  // −127 for subnormal numbers, 128 for those that are not finite.
  let exponent = (largest >> 23) - 127
  if (exponent === 128 || (exponent >= -ordinary && exponent <= ordinary)) return 1
  exponent = min(126, max(-126, -exponent))
  const factor = reinterpret<f32>((exponent + 127) << 23)
  for (at = address; at < vectorEnd; at += 16) {
    v128.store(at, f32x4.mul(v128.load(at), f32x4.splat(factor)))
  }
  for (; at < end; at += 4) store<f32>(at, load<f32>(at) * factor)
  return 1 / <f64>factor
}

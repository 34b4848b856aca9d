import { decodeEight } from '../../../gradients/numbers/assembly/decode-eight'

const eight = memory.data(32, 16)

/**
 * Decodes rows of float16 to float32. A row takes `step` bytes, a multiple of 16, and the decoded row
 * `targetStep`: twice that, or 16 bytes less. Both are padded with zeros.
 */
export function decodeFloat16Rows(
  from: usize,
  step: usize,
  rows: i32,
  to: usize,
  targetStep: usize,
): void {
  const isShort = targetStep < step << 1
  const whole = isShort ? step - 16 : step
  for (let row = 0; row < rows; row++) {
    let target = to
    for (let at: usize = 0; at < whole; at += 16) {
      decodeEight(v128.load(from + at), target)
      target += 32
    }
    if (isShort) {
      decodeEight(v128.load(from + whole), eight)
      v128.store(target, v128.load(eight))
    }
    from += step
    to += targetStep
  }
}

/**
 * Returns true if `computeFloat16Products` can read these numbers, `byteLength` bytes of them, a
 * multiple of 16: all are finite, and at most one in 256 is subnormal in float16, as processors
 * multiply those slowly in the form in which the products read them.
 */
export function isOrdinaryFloat16(from: usize, byteLength: usize): bool {
  const magnitudeBits = i16x8.splat(0x7fff)
  const zero = i16x8.splat(0)
  let largest = zero
  let count: usize = 0
  for (const end = from + byteLength; from < end;) {
    // Each lane counts down from zero, for at most 2^15 vectors.
    const part = min<usize>(end, from + (1 << 18))
    let counts = zero
    for (; from < part; from += 16) {
      const magnitude = v128.and(v128.load(from), magnitudeBits)
      largest = i16x8.max_s(largest, magnitude)
      const isSubnormal = v128.and(
        i16x8.lt_s(magnitude, i16x8.splat(0x400)),
        i16x8.ne(magnitude, zero),
      )
      counts = i16x8.add(counts, isSubnormal)
    }
    const pairs = i32x4.extadd_pairwise_i16x8_s(counts)
    count -= i32x4.extract_lane(pairs, 0) + i32x4.extract_lane(pairs, 1)
    count -= i32x4.extract_lane(pairs, 2) + i32x4.extract_lane(pairs, 3)
  }
  const isFinite = !v128.any_true(i16x8.gt_s(largest, i16x8.splat(0x7bff)))
  return isFinite && count << 9 <= byteLength
}

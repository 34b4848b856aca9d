import { decodeEight } from '../../../gradients/numbers/assembly/decode-eight'
import { selectFirst } from './float16-products'

const eight = memory.data(32, 16)

/**
 * Decodes contiguous rows of `size` float16 to float32. Each decoded row takes `step` bytes, the
 * next multiple of 16, and is padded with zeros. Up to 14 bytes after the last row are read too.
 */
export function decodeFloat16Rows(from: usize, size: i32, rows: i32, to: usize, step: usize): void {
  const whole = (<usize>(size & ~7)) << 1
  const rest = size & 7
  for (let row = 0; row < rows; row++) {
    let target = to
    for (let at: usize = 0; at < whole; at += 16) {
      decodeEight(v128.load(from + at), target)
      target += 32
    }
    if (rest > 0) {
      decodeEight(v128.and(v128.load(from + whole), selectFirst(rest)), eight)
      v128.store(target, v128.load(eight))
      if (rest > 4) v128.store(target, v128.load(eight, 16), 16)
    }
    from += (<usize>size) << 1
    to += step
  }
}

/**
 * Returns true if the products of float16 may read these numbers, `byteLength` bytes of them: all
 * are finite, and at most one in 256 is subnormal in float16, as processors multiply those slowly
 * in the form in which the products read them. The bytes after them, up to 14, must be zeros.
 */
export function isOrdinaryFloat16(from: usize, byteLength: usize): bool {
  const magnitudeBits = i16x8.splat(0x7fff)
  const zero = i16x8.splat(0)
  const end = from + byteLength
  let largest = zero
  let count: usize = 0
  while (from < end) {
    // A lane can count the vectors of a part.
    const part = min<usize>(end, from + (1 << 18))
    let counts = zero
    for (; from < part; from += 16) {
      const magnitude = v128.and(v128.load(from), magnitudeBits)
      largest = i16x8.max_s(largest, magnitude)
      const isSmall = i16x8.lt_s(magnitude, i16x8.splat(0x400))
      // Each lane of a comparison that is true is −1.
      counts = i16x8.sub(counts, v128.and(isSmall, i16x8.ne(magnitude, zero)))
    }
    const pairs = i32x4.extadd_pairwise_i16x8_s(counts)
    count += i32x4.extract_lane(pairs, 0) + i32x4.extract_lane(pairs, 1)
    count += i32x4.extract_lane(pairs, 2) + i32x4.extract_lane(pairs, 3)
  }
  const isFinite = !v128.any_true(i16x8.gt_s(largest, i16x8.splat(0x7bff)))
  return isFinite && count << 9 <= byteLength
}

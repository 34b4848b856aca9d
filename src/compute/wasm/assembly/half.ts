const eight = memory.data(32, 16)

/**
 * Rows of `size` float16, one right after the other, as float32, each filled up with zeros to `step` bytes, the next multiple
 * of 16. Up to 14 bytes behind the last row are read too.
 */
export function decodeFloat16Row(from: usize, size: i32, rows: i32, to: usize, step: usize): void {
  const whole = (<usize>(size & ~7)) << 1
  const rest = size & 7
  for (let row = 0; row < rows; row++) {
    let target = to
    for (let at: usize = 0; at < whole; at += 16) {
      decodeEight(v128.load(from + at), target)
      target += 32
    }
    if (rest > 0) {
      const isOwn = i16x8.lt_s(i16x8(0, 1, 2, 3, 4, 5, 6, 7), i16x8.splat(<i16>rest))
      decodeEight(v128.and(v128.load(from + whole), isOwn), eight)
      v128.store(target, v128.load(eight))
      if (rest > 4) v128.store(target, v128.load(eight, 16), 16)
    }
    from += (<usize>size) << 1
    to += step
  }
}

/** By integers, eight at a time: as float32 a subnormal number would take processors a hundred times as long. */
function decodeEight(bits: v128, to: usize): void {
  const magnitude = v128.and(bits, i16x8.splat(0x7fff))
  const isSubnormal = i16x8.lt_s(magnitude, i16x8.splat(0x400))
  const isSpecial = i16x8.gt_s(magnitude, i16x8.splat(0x7bff))
  // The upper halves of the float32. The exponents' biases differ by 112; an infinity's is 255.
  const shifted = v128.and(i16x8.shr_s(bits, 3), i16x8.splat(<i16>0x8fff))
  const biased = i16x8.add(shifted, i16x8.splat(112 << 7))
  // A subnormal number is read as one with the first bit set, which is taken away then.
  const normal = i16x8.add(biased, v128.and(isSubnormal, i16x8.splat(1 << 7)))
  const upper = i16x8.add(normal, v128.and(isSpecial, i16x8.splat(112 << 7)))
  const lower = i16x8.shl(bits, 13)
  const sign = v128.and(bits, i16x8.splat(<i16>0x8000))
  const firstBit = v128.and(v128.or(i16x8.splat(113 << 7), sign), isSubnormal)
  const none = i16x8.splat(0)
  const low = v128.shuffle<i16>(lower, upper, 0, 8, 1, 9, 2, 10, 3, 11)
  const high = v128.shuffle<i16>(lower, upper, 4, 12, 5, 13, 6, 14, 7, 15)
  const lowBit = v128.shuffle<i16>(none, firstBit, 0, 8, 1, 9, 2, 10, 3, 11)
  const highBit = v128.shuffle<i16>(none, firstBit, 4, 12, 5, 13, 6, 14, 7, 15)
  v128.store(to, f32x4.sub(low, lowBit))
  v128.store(to, f32x4.sub(high, highBit), 16)
}

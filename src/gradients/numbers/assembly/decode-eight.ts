/**
 * Decodes eight float16 to float32 at an address, exactly, except that −0 becomes 0. It works on integers because
 * processors take a hundred times as long for subnormal float32.
 */
export function decodeEight(bits: v128, to: usize): void {
  const magnitude = v128.and(bits, i16x8.splat(0x7fff))
  const isSubnormal = i16x8.lt_s(magnitude, i16x8.splat(0x400))
  const isSpecial = i16x8.gt_s(magnitude, i16x8.splat(0x7bff))
  // The upper halves of the float32. The exponents' biases differ by 112; an infinity's exponent is 255.
  const shifted = v128.and(i16x8.shr_s(bits, 3), i16x8.splat(<i16>0x8fff))
  const biased = i16x8.add(shifted, i16x8.splat(112 << 7))
  // A subnormal number is read as if its first bit were set, which is subtracted below.
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

import { decodeEight } from '../../../gradients/numbers/assembly/decode-eight'

const eight = memory.data(32, 16)

/**
 * Decodes contiguous rows of `size` float16 to float32. Each decoded row takes `step` bytes, the next multiple of 16, and is
 * padded with zeros. Up to 14 bytes after the last row are read too.
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
      const isOwn = i16x8.lt_s(i16x8(0, 1, 2, 3, 4, 5, 6, 7), i16x8.splat(<i16>rest))
      decodeEight(v128.and(v128.load(from + whole), isOwn), eight)
      v128.store(target, v128.load(eight))
      if (rest > 4) v128.store(target, v128.load(eight, 16), 16)
    }
    from += (<usize>size) << 1
    to += step
  }
}

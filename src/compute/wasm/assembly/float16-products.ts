import { multiplyAdd } from './fma'
import { add4, rowsAtOnce, stretch, total } from './products'

/**
 * The exponents' biases of float32 and float16 differ by 112: a float16 whose bits are moved to
 * their places in a float32 is the number divided by 2^112. Test rows make up for 2^100 of that,
 * which they and the products can take without an overflow. `productScale` is the rest.
 */
const testScale: f32 = reinterpret<f32>((127 + 100) << 23)
export const productScale: f64 = 4096

/** The bytes that are read of a row of `size` bytes of float16: up to 14 of the next row too. */
function readSize(size: usize): usize {
  return (size + 15) & ~15
}

/** The bytes from one row of `scaleTests` to the next, for rows of `size` bytes of float16. */
export function scaledStep(size: usize): usize {
  return readSize(size) << 1
}

/**
 * Copies rows of `size` bytes of float32, a multiple of 16, for `computeFloat16Products`. They are
 * padded with zeros to a multiple of 32 bytes.
 */
export function scaleTests(from: usize, rows: i32, size: usize, to: usize): void {
  const scale = f32x4.splat(testScale)
  for (let row = 0; row < rows; row++) {
    for (const end = from + size; from < end; from += 16, to += 16) {
      v128.store(to, f32x4.mul(v128.load(from), scale))
    }
    if ((size & 16) === 0) continue
    v128.store(to, i32x4.splat(0))
    to += 16
  }
}

/**
 * The products of `computeInnerProducts`, divided by `productScale`, for contiguous float16 rows of
 * `size` bytes in B, and rows that `scaleTests` wrote in A. All numbers of B must be finite, and
 * those that the 14 bytes after them hold. The sums have the order of those in float32, so that the
 * results are equal bit for bit.
 */
export function computeFloat16Products(
  a: usize,
  aRows: i32,
  b: usize,
  bRows: i32,
  size: usize,
  products: usize,
): void {
  memory.fill(products, 0, (<usize>(aRows * bRows)) << 3)
  const step = aRows <= 2 ? 4 : rowsAtOnce
  const read = readSize(size)
  for (let start = 0; start < bRows; start += step) {
    const end = min<i32>(start + step, bRows)
    for (let from: usize = 0; from < read; from += stretch >> 1) {
      const length = min<usize>(stretch >> 1, read - from)
      addStretch(a, aRows, b, bRows, start, end, size, from, length, products)
    }
  }
}

function addStretch(
  a: usize,
  aRows: i32,
  b: usize,
  bRows: i32,
  start: i32,
  end: i32,
  size: usize,
  from: usize,
  length: usize,
  products: usize,
): void {
  const bytesPerRow = (<usize>bRows) << 3
  const aSize = scaledStep(size)
  let j = start
  for (; j + 3 < end; j += 4) {
    const right = b + <usize>j * size + from
    let to = products + ((<usize>j) << 3)
    let left = a + (from << 1)
    let i = 0
    for (; i + 1 < aRows; i += 2) {
      tile2x4(left, left + aSize, right, size, length, to, bytesPerRow)
      left += aSize << 1
      to += bytesPerRow << 1
    }
    if (i < aRows) tile1x4(left, right, size, length, to)
  }
  for (; j < end; j++) {
    const right = b + <usize>j * size + from
    let to = products + ((<usize>j) << 3)
    let left = a + (from << 1)
    for (let i = 0; i < aRows; i++) {
      tile1x1(left, right, length, to)
      left += aSize
      to += bytesPerRow
    }
  }
}

/** The upper halves of the float32 of eight float16. */
function upperHalves(bits: v128): v128 {
  return v128.and(i16x8.shr_s(bits, 3), i16x8.splat(<i16>0x8fff))
}

/** The lower halves. */
function lowerHalves(bits: v128): v128 {
  return i16x8.shl(bits, 13)
}

function firstFour(lower: v128, upper: v128): v128 {
  return v128.shuffle<i16>(lower, upper, 0, 8, 1, 9, 2, 10, 3, 11)
}

function lastFour(lower: v128, upper: v128): v128 {
  return v128.shuffle<i16>(lower, upper, 4, 12, 5, 13, 6, 14, 7, 15)
}

/** products[i] = ⟨b_i, b_i⟩ of the rows above, as `squares` computes it of float32, bit for bit. */
export function computeFloat16Squares(b: usize, rows: i32, size: usize, products: usize): void {
  memory.fill(products, 0, (<usize>rows) << 3)
  let i = 0
  for (; i + 3 < rows; i += 4) {
    for (let from: usize = 0; from < size; from += stretch >> 1) {
      squares4(b + from, size, min<usize>(stretch >> 1, size - from), products)
    }
    b += size << 2
    products += 32
  }
  for (; i < rows; i++) {
    for (let from: usize = 0; from < size; from += stretch >> 1) {
      const sums = addSquares(b + from, min<usize>(stretch >> 1, size - from))
      store<f64>(products, load<f64>(products) + total(sums))
    }
    b += size
    products += 8
  }
}

function squares4(b0: usize, size: usize, length: usize, to: usize): void {
  let s0 = f32x4.splat(0)
  let s1 = f32x4.splat(0)
  let s2 = f32x4.splat(0)
  let s3 = f32x4.splat(0)
  const end = b0 + (length & ~15)
  let b1 = b0 + size
  let b2 = b1 + size
  let b3 = b2 + size
  while (b0 < end) {
    s0 = addSquare(v128.load(b0), s0)
    s1 = addSquare(v128.load(b1), s1)
    s2 = addSquare(v128.load(b2), s2)
    s3 = addSquare(v128.load(b3), s3)
    b0 += 16
    b1 += 16
    b2 += 16
    b3 += 16
  }
  if (length & 15) {
    const isOwn = selectFirst((length & 15) >> 1)
    s0 = addSquare(v128.and(v128.load(b0), isOwn), s0)
    s1 = addSquare(v128.and(v128.load(b1), isOwn), s1)
    s2 = addSquare(v128.and(v128.load(b2), isOwn), s2)
    s3 = addSquare(v128.and(v128.load(b3), isOwn), s3)
  }
  add4(to, s0, s1, s2, s3)
}

function addSquares(b: usize, length: usize): v128 {
  let sums = f32x4.splat(0)
  const end = b + (length & ~15)
  for (; b < end; b += 16) sums = addSquare(v128.load(b), sums)
  if (length & 15) {
    sums = addSquare(v128.and(v128.load(b), selectFirst((length & 15) >> 1)), sums)
  }
  return sums
}

/** All bits of the first `count` of eight lanes. */
export function selectFirst(count: usize): v128 {
  return i16x8.lt_s(i16x8(0, 1, 2, 3, 4, 5, 6, 7), i16x8.splat(<i16>count))
}

/** Adds the squares of eight float16 to four sums. */
function addSquare(bits: v128, sums: v128): v128 {
  const scale = f32x4.splat(reinterpret<f32>((127 + 112) << 23))
  const lower = lowerHalves(bits)
  const upper = upperHalves(bits)
  const first = f32x4.mul(firstFour(lower, upper), scale)
  const last = f32x4.mul(lastFour(lower, upper), scale)
  return multiplyAdd(last, last, multiplyAdd(first, first, sums))
}

function tile1x4(a: usize, b0: usize, size: usize, length: usize, to: usize): void {
  let s0 = f32x4.splat(0)
  let s1 = f32x4.splat(0)
  let s2 = f32x4.splat(0)
  let s3 = f32x4.splat(0)
  const end = b0 + length
  let b1 = b0 + size
  let b2 = b1 + size
  let b3 = b2 + size
  while (b0 < end) {
    const x = v128.load(a)
    const y = v128.load(a, 16)
    const c0 = v128.load(b0)
    const l0 = lowerHalves(c0)
    const u0 = upperHalves(c0)
    s0 = multiplyAdd(x, firstFour(l0, u0), s0)
    s0 = multiplyAdd(y, lastFour(l0, u0), s0)
    const c1 = v128.load(b1)
    const l1 = lowerHalves(c1)
    const u1 = upperHalves(c1)
    s1 = multiplyAdd(x, firstFour(l1, u1), s1)
    s1 = multiplyAdd(y, lastFour(l1, u1), s1)
    const c2 = v128.load(b2)
    const l2 = lowerHalves(c2)
    const u2 = upperHalves(c2)
    s2 = multiplyAdd(x, firstFour(l2, u2), s2)
    s2 = multiplyAdd(y, lastFour(l2, u2), s2)
    const c3 = v128.load(b3)
    const l3 = lowerHalves(c3)
    const u3 = upperHalves(c3)
    s3 = multiplyAdd(x, firstFour(l3, u3), s3)
    s3 = multiplyAdd(y, lastFour(l3, u3), s3)
    a += 32
    b0 += 16
    b1 += 16
    b2 += 16
    b3 += 16
  }
  add4(to, s0, s1, s2, s3)
}

function tile2x4(
  a0: usize,
  a1: usize,
  b0: usize,
  size: usize,
  length: usize,
  to: usize,
  bytesPerRow: usize,
): void {
  let s00 = f32x4.splat(0)
  let s01 = f32x4.splat(0)
  let s02 = f32x4.splat(0)
  let s03 = f32x4.splat(0)
  let s10 = f32x4.splat(0)
  let s11 = f32x4.splat(0)
  let s12 = f32x4.splat(0)
  let s13 = f32x4.splat(0)
  const end = b0 + length
  let b1 = b0 + size
  let b2 = b1 + size
  let b3 = b2 + size
  while (b0 < end) {
    const c0 = v128.load(b0)
    const l0 = lowerHalves(c0)
    const u0 = upperHalves(c0)
    let number = firstFour(l0, u0)
    s00 = multiplyAdd(v128.load(a0), number, s00)
    s10 = multiplyAdd(v128.load(a1), number, s10)
    number = lastFour(l0, u0)
    s00 = multiplyAdd(v128.load(a0, 16), number, s00)
    s10 = multiplyAdd(v128.load(a1, 16), number, s10)
    const c1 = v128.load(b1)
    const l1 = lowerHalves(c1)
    const u1 = upperHalves(c1)
    number = firstFour(l1, u1)
    s01 = multiplyAdd(v128.load(a0), number, s01)
    s11 = multiplyAdd(v128.load(a1), number, s11)
    number = lastFour(l1, u1)
    s01 = multiplyAdd(v128.load(a0, 16), number, s01)
    s11 = multiplyAdd(v128.load(a1, 16), number, s11)
    const c2 = v128.load(b2)
    const l2 = lowerHalves(c2)
    const u2 = upperHalves(c2)
    number = firstFour(l2, u2)
    s02 = multiplyAdd(v128.load(a0), number, s02)
    s12 = multiplyAdd(v128.load(a1), number, s12)
    number = lastFour(l2, u2)
    s02 = multiplyAdd(v128.load(a0, 16), number, s02)
    s12 = multiplyAdd(v128.load(a1, 16), number, s12)
    const c3 = v128.load(b3)
    const l3 = lowerHalves(c3)
    const u3 = upperHalves(c3)
    number = firstFour(l3, u3)
    s03 = multiplyAdd(v128.load(a0), number, s03)
    s13 = multiplyAdd(v128.load(a1), number, s13)
    number = lastFour(l3, u3)
    s03 = multiplyAdd(v128.load(a0, 16), number, s03)
    s13 = multiplyAdd(v128.load(a1, 16), number, s13)
    a0 += 32
    a1 += 32
    b0 += 16
    b1 += 16
    b2 += 16
    b3 += 16
  }
  add4(to, s00, s01, s02, s03)
  add4(to + bytesPerRow, s10, s11, s12, s13)
}

function tile1x1(a: usize, b: usize, length: usize, to: usize): void {
  let sums = f32x4.splat(0)
  const end = b + length
  while (b < end) {
    const bits = v128.load(b)
    const lower = lowerHalves(bits)
    const upper = upperHalves(bits)
    sums = multiplyAdd(v128.load(a), firstFour(lower, upper), sums)
    sums = multiplyAdd(v128.load(a, 16), lastFour(lower, upper), sums)
    a += 32
    b += 16
  }
  store<f64>(to, load<f64>(to) + total(sums))
}

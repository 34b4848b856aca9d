import { multiplyAdd } from './fma'

/** Bytes of a row that are summed in float32 before float64. Four training rows and a test row of them fit in L1. */
export const stretch: usize = 4096
/** Training rows between two passes over the test rows: with more than two test rows, they stay in L2. */
export const rowsAtOnce: i32 = 64

/**
 * products[i, j] = ⟨a_i, b_j⟩: A Bᵀ, [aRows, bRows] float64, of contiguous rows of `size` bytes, a multiple of
 * 16. Each product is summed in the same order in every tile: f32x4 within a stretch, float64 between stretches.
 */
export function computeInnerProducts(
  a: usize,
  aRows: i32,
  b: usize,
  bRows: i32,
  size: usize,
  products: usize,
): void {
  memory.fill(products, 0, (<usize>(aRows * bRows)) << 3)
  // With one or two test rows, the training rows are read once, at memory speed.
  const step = aRows <= 2 ? 4 : rowsAtOnce
  for (let start = 0; start < bRows; start += step) {
    const end = min<i32>(start + step, bRows)
    for (let from: usize = 0; from < size; from += stretch) {
      addStretch(
        a,
        aRows,
        b,
        bRows,
        start,
        end,
        size,
        from,
        min<usize>(stretch, size - from),
        products,
      )
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
  let j = start
  for (; j + 3 < end; j += 4) {
    const right = b + <usize>j * size + from
    let to = products + ((<usize>j) << 3)
    let left = a + from
    let i = 0
    for (; i + 1 < aRows; i += 2) {
      tile2x4(left, left + size, right, size, length, to, bytesPerRow)
      left += size << 1
      to += bytesPerRow << 1
    }
    if (i < aRows) tile1x4(left, right, size, length, to)
  }
  for (; j < end; j++) {
    const right = b + <usize>j * size + from
    let to = products + ((<usize>j) << 3)
    let left = a + from
    for (let i = 0; i < aRows; i++) {
      tile1x1(left, right, length, to)
      left += size
      to += bytesPerRow
    }
  }
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
  const end = a0 + length
  let b1 = b0 + size
  let b2 = b1 + size
  let b3 = b2 + size
  while (a0 < end) {
    const x = v128.load(a0)
    const y = v128.load(a1)
    const c0 = v128.load(b0)
    s00 = multiplyAdd(x, c0, s00)
    s10 = multiplyAdd(y, c0, s10)
    const c1 = v128.load(b1)
    s01 = multiplyAdd(x, c1, s01)
    s11 = multiplyAdd(y, c1, s11)
    const c2 = v128.load(b2)
    s02 = multiplyAdd(x, c2, s02)
    s12 = multiplyAdd(y, c2, s12)
    const c3 = v128.load(b3)
    s03 = multiplyAdd(x, c3, s03)
    s13 = multiplyAdd(y, c3, s13)
    a0 += 16
    a1 += 16
    b0 += 16
    b1 += 16
    b2 += 16
    b3 += 16
  }
  add4(to, s00, s01, s02, s03)
  add4(to + bytesPerRow, s10, s11, s12, s13)
}

function tile1x4(a: usize, b0: usize, size: usize, length: usize, to: usize): void {
  let s0 = f32x4.splat(0)
  let s1 = f32x4.splat(0)
  let s2 = f32x4.splat(0)
  let s3 = f32x4.splat(0)
  const end = a + length
  let b1 = b0 + size
  let b2 = b1 + size
  let b3 = b2 + size
  while (a < end) {
    const x = v128.load(a)
    s0 = multiplyAdd(x, v128.load(b0), s0)
    s1 = multiplyAdd(x, v128.load(b1), s1)
    s2 = multiplyAdd(x, v128.load(b2), s2)
    s3 = multiplyAdd(x, v128.load(b3), s3)
    a += 16
    b0 += 16
    b1 += 16
    b2 += 16
    b3 += 16
  }
  add4(to, s0, s1, s2, s3)
}

function tile1x1(a: usize, b: usize, length: usize, to: usize): void {
  let sums = f32x4.splat(0)
  const end = a + length
  while (a < end) {
    sums = multiplyAdd(v128.load(a), v128.load(b), sums)
    a += 16
    b += 16
  }
  store<f64>(to, load<f64>(to) + total(sums))
}

/** products[i] = ⟨a_i, a_i⟩, float64, each summed as by `computeInnerProducts`. */
export function squares(a: usize, rows: i32, size: usize, products: usize): void {
  memory.fill(products, 0, (<usize>rows) << 3)
  const four = size << 2
  let i = 0
  for (; i + 3 < rows; i += 4) {
    for (let from: usize = 0; from < size; from += stretch) {
      squares4(a + from, size, min<usize>(stretch, size - from), products)
    }
    a += four
    products += 32
  }
  for (; i < rows; i++) {
    for (let from: usize = 0; from < size; from += stretch) {
      tile1x1(a + from, a + from, min<usize>(stretch, size - from), products)
    }
    a += size
    products += 8
  }
}

function squares4(a0: usize, size: usize, length: usize, to: usize): void {
  let s0 = f32x4.splat(0)
  let s1 = f32x4.splat(0)
  let s2 = f32x4.splat(0)
  let s3 = f32x4.splat(0)
  const end = a0 + length
  let a1 = a0 + size
  let a2 = a1 + size
  let a3 = a2 + size
  while (a0 < end) {
    const x0 = v128.load(a0)
    s0 = multiplyAdd(x0, x0, s0)
    const x1 = v128.load(a1)
    s1 = multiplyAdd(x1, x1, s1)
    const x2 = v128.load(a2)
    s2 = multiplyAdd(x2, x2, s2)
    const x3 = v128.load(a3)
    s3 = multiplyAdd(x3, x3, s3)
    a0 += 16
    a1 += 16
    a2 += 16
    a3 += 16
  }
  add4(to, s0, s1, s2, s3)
}

/** The inner product of two short stretches of `length` bytes each. */
export function shortProduct(a: usize, b: usize, length: usize): f64 {
  let sums = f32x4.splat(0)
  const end = a + length
  const vectorEnd = a + (length & ~15)
  while (a < vectorEnd) {
    sums = multiplyAdd(v128.load(a), v128.load(b), sums)
    a += 16
    b += 16
  }
  let sum = total(sums)
  while (a < end) {
    sum += <f64>load<f32>(a) * <f64>load<f32>(b)
    a += 4
    b += 4
  }
  return sum
}

export function add4(to: usize, s0: v128, s1: v128, s2: v128, s3: v128): void {
  store<f64>(to, load<f64>(to) + total(s0))
  store<f64>(to, load<f64>(to, 8) + total(s1), 8)
  store<f64>(to, load<f64>(to, 16) + total(s2), 16)
  store<f64>(to, load<f64>(to, 24) + total(s3), 24)
}

export function total(sums: v128): f64 {
  const pairs = f64x2.add(
    f64x2.promote_low_f32x4(sums),
    f64x2.promote_low_f32x4(v128.shuffle<u32>(sums, sums, 2, 3, 2, 3)),
  )
  return f64x2.extract_lane(pairs, 0) + f64x2.extract_lane(pairs, 1)
}

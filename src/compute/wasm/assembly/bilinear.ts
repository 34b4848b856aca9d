import { multiplyAdd } from './fma'

/** Rows of a gradient that are summed in float32 before float64. */
const rowsAtOnce: i32 = 128

/**
 * Adds a_jᵀ G δ_j of one dense gradient G [inputs, outputs], with a multiple of four outputs, and factored rows of one
 * position. The sums are float64, `sumStep` bytes apart.
 */
export function addBilinear(
  gradient: usize,
  inputs: i32,
  outputs: i32,
  gradientScale: f64,
  a: usize,
  aStep: usize,
  delta: usize,
  deltaStep: usize,
  scales: usize,
  rows: i32,
  sums: usize,
  sumStep: usize,
): void {
  const step = (<usize>outputs) << 2
  for (let j = 0; j < rows; j++) {
    let sum: f64 = 0
    for (let k = 0; k < inputs; k += rowsAtOnce) {
      const count = min(rowsAtOnce, inputs - k)
      const from = gradient + <usize>k * step
      const own = a + ((<usize>k) << 2)
      let at: usize = 0
      for (; at + 128 <= step; at += 128) sum += multiply32(from + at, step, own, count, delta + at)
      for (; at < step; at += 16) sum += multiply4(from + at, step, own, count, delta + at)
    }
    sum *= gradientScale * load<f64>(scales + ((<usize>j) << 3))
    store<f64>(sums, load<f64>(sums) + sum)
    a += aStep
    delta += deltaStep
    sums += sumStep
  }
}

/** The products with 32 columns of G. */
function multiply32(from: usize, step: usize, a: usize, count: i32, delta: usize): f64 {
  let s0 = f32x4.splat(0)
  let s1 = s0
  let s2 = s0
  let s3 = s0
  let s4 = s0
  let s5 = s0
  let s6 = s0
  let s7 = s0
  for (let k = 0; k < count; k++) {
    const x = v128.load32_splat(a)
    s0 = multiplyAdd(x, v128.load(from), s0)
    s1 = multiplyAdd(x, v128.load(from, 16), s1)
    s2 = multiplyAdd(x, v128.load(from, 32), s2)
    s3 = multiplyAdd(x, v128.load(from, 48), s3)
    s4 = multiplyAdd(x, v128.load(from, 64), s4)
    s5 = multiplyAdd(x, v128.load(from, 80), s5)
    s6 = multiplyAdd(x, v128.load(from, 96), s6)
    s7 = multiplyAdd(x, v128.load(from, 112), s7)
    a += 4
    from += step
  }
  let sums = f32x4.mul(s0, v128.load(delta))
  sums = multiplyAdd(s1, v128.load(delta, 16), sums)
  sums = multiplyAdd(s2, v128.load(delta, 32), sums)
  sums = multiplyAdd(s3, v128.load(delta, 48), sums)
  sums = multiplyAdd(s4, v128.load(delta, 64), sums)
  sums = multiplyAdd(s5, v128.load(delta, 80), sums)
  sums = multiplyAdd(s6, v128.load(delta, 96), sums)
  sums = multiplyAdd(s7, v128.load(delta, 112), sums)
  return addLanes(sums)
}

/** The products with four columns of G. */
function multiply4(from: usize, step: usize, a: usize, count: i32, delta: usize): f64 {
  let sums = f32x4.splat(0)
  for (let k = 0; k < count; k++) {
    sums = multiplyAdd(v128.load32_splat(a), v128.load(from), sums)
    a += 4
    from += step
  }
  return addLanes(f32x4.mul(sums, v128.load(delta)))
}

function addLanes(x: v128): f64 {
  const high = i8x16.shuffle(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15)
  const pairs = f64x2.add(f64x2.promote_low_f32x4(x), f64x2.promote_low_f32x4(high))
  return f64x2.extract_lane(pairs, 0) + f64x2.extract_lane(pairs, 1)
}

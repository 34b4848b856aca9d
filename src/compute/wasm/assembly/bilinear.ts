import { multiplyAdd } from './fma'

/** Rows of a gradient that are summed in float32 before float64. */
const rowsAtOnce: i32 = 128

/**
 * Adds a_jᵀ G δ_j of one dense gradient G [inputs, outputs], with a multiple of four outputs, and factored rows of one
 * position. The sums are float64, `sumStep` bytes apart. Two rows share what is loaded of G.
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
  for (let j = 0; j < rows; j += 2) {
    const isPair = j + 1 < rows
    const nextA = isPair ? a + aStep : a
    const nextDelta = isPair ? delta + deltaStep : delta
    let both = f64x2.splat(0)
    for (let k = 0; k < inputs; k += rowsAtOnce) {
      const count = min(rowsAtOnce, inputs - k)
      const from = gradient + <usize>k * step
      const skipped = (<usize>k) << 2
      const x = a + skipped
      const y = nextA + skipped
      let at: usize = 0
      for (; at + 64 <= step; at += 64) {
        const products = multiply16(from + at, step, x, y, count, delta + at, nextDelta + at)
        both = f64x2.add(both, products)
      }
      for (; at < step; at += 16) {
        const products = multiply4(from + at, step, x, y, count, delta + at, nextDelta + at)
        both = f64x2.add(both, products)
      }
    }
    addScaled(sums, f64x2.extract_lane(both, 0), gradientScale, scales)
    if (isPair) addScaled(sums + sumStep, f64x2.extract_lane(both, 1), gradientScale, scales + 8)
    a += 2 * aStep
    delta += 2 * deltaStep
    scales += 16
    sums += 2 * sumStep
  }
}

function addScaled(to: usize, sum: f64, gradientScale: f64, scale: usize): void {
  store<f64>(to, load<f64>(to) + sum * (gradientScale * load<f64>(scale)))
}

/** The products of two rows with 16 columns of G. */
function multiply16(
  from: usize,
  step: usize,
  x: usize,
  y: usize,
  count: i32,
  deltaX: usize,
  deltaY: usize,
): v128 {
  let x0 = f32x4.splat(0)
  let x1 = x0
  let x2 = x0
  let x3 = x0
  let y0 = x0
  let y1 = x0
  let y2 = x0
  let y3 = x0
  for (let k = 0; k < count; k++) {
    const g0 = v128.load(from)
    const g1 = v128.load(from, 16)
    const g2 = v128.load(from, 32)
    const g3 = v128.load(from, 48)
    const ofX = v128.load32_splat(x)
    x0 = multiplyAdd(ofX, g0, x0)
    x1 = multiplyAdd(ofX, g1, x1)
    x2 = multiplyAdd(ofX, g2, x2)
    x3 = multiplyAdd(ofX, g3, x3)
    const ofY = v128.load32_splat(y)
    y0 = multiplyAdd(ofY, g0, y0)
    y1 = multiplyAdd(ofY, g1, y1)
    y2 = multiplyAdd(ofY, g2, y2)
    y3 = multiplyAdd(ofY, g3, y3)
    x += 4
    y += 4
    from += step
  }
  return addBoth(weigh16(x0, x1, x2, x3, deltaX), weigh16(y0, y1, y2, y3, deltaY))
}

function weigh16(s0: v128, s1: v128, s2: v128, s3: v128, delta: usize): v128 {
  let sums = f32x4.mul(s0, v128.load(delta))
  sums = multiplyAdd(s1, v128.load(delta, 16), sums)
  sums = multiplyAdd(s2, v128.load(delta, 32), sums)
  return multiplyAdd(s3, v128.load(delta, 48), sums)
}

/** The products of two rows with four columns of G. */
function multiply4(
  from: usize,
  step: usize,
  x: usize,
  y: usize,
  count: i32,
  deltaX: usize,
  deltaY: usize,
): v128 {
  let ofX = f32x4.splat(0)
  let ofY = ofX
  for (let k = 0; k < count; k++) {
    const g = v128.load(from)
    ofX = multiplyAdd(v128.load32_splat(x), g, ofX)
    ofY = multiplyAdd(v128.load32_splat(y), g, ofY)
    x += 4
    y += 4
    from += step
  }
  return addBoth(f32x4.mul(ofX, v128.load(deltaX)), f32x4.mul(ofY, v128.load(deltaY)))
}

/** The sums of the four numbers of each, in float64. */
function addBoth(x: v128, y: v128): v128 {
  const ofX = addPairs(x)
  const ofY = addPairs(y)
  const even = i64x2.shuffle(ofX, ofY, 0, 2)
  const odd = i64x2.shuffle(ofX, ofY, 1, 3)
  return f64x2.add(even, odd)
}

function addPairs(x: v128): v128 {
  const high = i8x16.shuffle(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15)
  return f64x2.add(f64x2.promote_low_f32x4(x), f64x2.promote_low_f32x4(high))
}

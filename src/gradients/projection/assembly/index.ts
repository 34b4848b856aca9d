/** The first free byte of the memory, a multiple of 16. */
export function firstAddress(): usize {
  return (__heap_base + 15) & ~15
}

/**
 * C = A B: A is [m, inner], its rows and columns `rowStep` and `columnStep` bytes apart; B [inner, n]
 * and C [m, n] are row-major. The sums have the order of `multiply` in multiply.ts, so that the
 * results are equal bit for bit.
 */
export function multiply(
  a: usize,
  rowStep: usize,
  columnStep: usize,
  b: usize,
  m: i32,
  inner: i32,
  n: i32,
  product: usize,
): void {
  const bStep = (<usize>n) << 3
  memory.fill(product, 0, <usize>m * bStep)
  const stepped = inner & ~3
  for (let i = 0; i < m; i += 2) {
    const isPair = i + 1 < m
    let at = a + <usize>i * rowStep
    let from = b
    const to = product + <usize>i * bStep
    for (let l = 0; l < stepped; l += 4) {
      if (isPair) addTile(at, rowStep, columnStep, from, n, to)
      else addFour(at, columnStep, from, n, to)
      at += columnStep << 2
      from += bStep << 2
    }
    for (let l = stepped; l < inner; l++) {
      addOne(load<f64>(at), from, n, to)
      if (isPair) addOne(load<f64>(at + rowStep), from, n, to + bStep)
      at += columnStep
      from += bStep
    }
  }
}

/** Two rows of A, four rows of B. */
function addTile(a: usize, rowStep: usize, step: usize, from: usize, n: i32, to: usize): void {
  addFour(a, step, from, n, to)
  addFour(a + rowStep, step, from, n, to + ((<usize>n) << 3))
}

/** One row of A, four rows of B. */
function addFour(a: usize, step: usize, from: usize, n: i32, to: usize): void {
  const a0 = load<f64>(a)
  const a1 = load<f64>(a + step)
  const a2 = load<f64>(a + 2 * step)
  const a3 = load<f64>(a + 3 * step)
  // After a ReLU, many are zero.
  if (a0 === 0 && a1 === 0 && a2 === 0 && a3 === 0) return
  const v0 = f64x2.splat(a0)
  const v1 = f64x2.splat(a1)
  const v2 = f64x2.splat(a2)
  const v3 = f64x2.splat(a3)
  const step1 = (<usize>n) << 3
  const from1 = from + step1
  const from2 = from1 + step1
  const from3 = from2 + step1
  const whole = (<usize>(n & ~1)) << 3
  let at: usize = 0
  for (; at < whole; at += 16) {
    const first = f64x2.add(
      f64x2.mul(v0, v128.load(from + at)),
      f64x2.mul(v1, v128.load(from1 + at)),
    )
    const second = f64x2.add(first, f64x2.mul(v2, v128.load(from2 + at)))
    const sum = f64x2.add(second, f64x2.mul(v3, v128.load(from3 + at)))
    v128.store(to + at, f64x2.add(v128.load(to + at), sum))
  }
  if (at < step1) {
    const sum =
      a0 * load<f64>(from + at) +
      a1 * load<f64>(from1 + at) +
      a2 * load<f64>(from2 + at) +
      a3 * load<f64>(from3 + at)
    store<f64>(to + at, load<f64>(to + at) + sum)
  }
}

function addOne(factor: f64, from: usize, n: i32, to: usize): void {
  for (const end = from + ((<usize>n) << 3); from < end; from += 8, to += 8) {
    store<f64>(to, load<f64>(to) + factor * load<f64>(from))
  }
}

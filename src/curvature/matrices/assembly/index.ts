/** The first free byte of the memory, a multiple of 16. */
export function firstAddress(): usize {
  return (__heap_base + 15) & ~15
}

/**
 * C += A B in float64: A is [m, inner], B [inner, n], C [m, n]. The rows of A are `rowStep` bytes apart and its columns
 * `columnStep`; those of B `bStep` and of C `cStep`. With `isLower`, only the tiles that meet the lower triangle of C. Tiles of 4 × 4 numbers stay in
 * registers.
 */
export function multiplyAdd(
  a: usize,
  rowStep: usize,
  columnStep: usize,
  b: usize,
  bStep: usize,
  m: i32,
  inner: i32,
  n: i32,
  c: usize,
  cStep: usize,
  isLower: bool,
): void {
  const wholeRows = m & ~3
  for (let i = 0; i < wholeRows; i += 4) {
    const from = a + <usize>i * rowStep
    const to = c + <usize>i * cStep
    const end = isLower ? min(n, i + 4) : n
    const whole = end & ~3
    for (let j = 0; j < whole; j += 4) {
      const at = (<usize>j) << 3
      addTile(from, rowStep, columnStep, b + at, bStep, inner, to + at, cStep)
    }
    for (let j = whole; j < end; j++) {
      const at = (<usize>j) << 3
      for (let k = 0; k < 4; k++) {
        addOne(
          from + <usize>k * rowStep,
          columnStep,
          b + at,
          bStep,
          inner,
          to + <usize>k * cStep + at,
        )
      }
    }
  }
  for (let i = wholeRows; i < m; i++) {
    const from = a + <usize>i * rowStep
    const to = c + <usize>i * cStep
    const end = isLower ? i + 1 : n
    const whole = end & ~3
    for (let j = 0; j < whole; j += 4) {
      const at = (<usize>j) << 3
      addFour(from, columnStep, b + at, bStep, inner, to + at)
    }
    for (let j = whole; j < end; j++) {
      const at = (<usize>j) << 3
      addOne(from, columnStep, b + at, bStep, inner, to + at)
    }
  }
}

function addTile(
  a: usize,
  rowStep: usize,
  columnStep: usize,
  b: usize,
  bStep: usize,
  inner: i32,
  c: usize,
  cStep: usize,
): void {
  const zero = f64x2.splat(0)
  let c00 = zero
  let c01 = zero
  let c10 = zero
  let c11 = zero
  let c20 = zero
  let c21 = zero
  let c30 = zero
  let c31 = zero
  const twoRows = 2 * rowStep
  const threeRows = 3 * rowStep
  for (let l = 0; l < inner; l++) {
    const b0 = v128.load(b)
    const b1 = v128.load(b, 16)
    const a0 = v128.load_splat<f64>(a)
    c00 = f64x2.add(c00, f64x2.mul(a0, b0))
    c01 = f64x2.add(c01, f64x2.mul(a0, b1))
    const a1 = v128.load_splat<f64>(a + rowStep)
    c10 = f64x2.add(c10, f64x2.mul(a1, b0))
    c11 = f64x2.add(c11, f64x2.mul(a1, b1))
    const a2 = v128.load_splat<f64>(a + twoRows)
    c20 = f64x2.add(c20, f64x2.mul(a2, b0))
    c21 = f64x2.add(c21, f64x2.mul(a2, b1))
    const a3 = v128.load_splat<f64>(a + threeRows)
    c30 = f64x2.add(c30, f64x2.mul(a3, b0))
    c31 = f64x2.add(c31, f64x2.mul(a3, b1))
    a += columnStep
    b += bStep
  }
  addRow(c, c00, c01)
  addRow(c + cStep, c10, c11)
  addRow(c + 2 * cStep, c20, c21)
  addRow(c + 3 * cStep, c30, c31)
}

function addRow(c: usize, first: v128, second: v128): void {
  v128.store(c, f64x2.add(v128.load(c), first))
  v128.store(c, f64x2.add(v128.load(c, 16), second), 16)
}

function addFour(a: usize, columnStep: usize, b: usize, step: usize, inner: i32, c: usize): void {
  let c0 = f64x2.splat(0)
  let c1 = c0
  for (let l = 0; l < inner; l++) {
    const factor = v128.load_splat<f64>(a)
    c0 = f64x2.add(c0, f64x2.mul(factor, v128.load(b)))
    c1 = f64x2.add(c1, f64x2.mul(factor, v128.load(b, 16)))
    a += columnStep
    b += step
  }
  addRow(c, c0, c1)
}

function addOne(a: usize, columnStep: usize, b: usize, step: usize, inner: i32, c: usize): void {
  let sum: f64 = 0
  for (let l = 0; l < inner; l++) {
    sum += load<f64>(a) * load<f64>(b)
    a += columnStep
    b += step
  }
  store<f64>(c, load<f64>(c) + sum)
}

/** Writes `count` vectors of `size` float32 numbers as float64, each at the start of a row of `rowSize` numbers. */
export function writeRows(from: usize, count: i32, size: i32, to: usize, rowSize: i32): void {
  const step = (<usize>rowSize) << 3
  const length = (<usize>size) << 2
  for (let k = 0; k < count; k++) {
    promote(from, length, to)
    from += length
    to += step
  }
}

/** Converts the float32 numbers of `length` bytes. */
function promote(from: usize, length: usize, to: usize): void {
  const end = from + length
  const whole = from + (length & ~7)
  for (; from < whole; from += 8) {
    v128.store(to, f64x2.promote_low_f32x4(v128.load64_zero(from)))
    to += 16
  }
  if (from < end) store<f64>(to, load<f32>(from))
}

/**
 * Writes the patches of float32 images as float64, [exampleCount, outHeight · outWidth, filterHeight · filterWidth ·
 * channels], with rows of `rowSize` numbers. Numbers on the padding and after each patch stay as they are.
 */
export function writePatches(
  images: usize,
  exampleCount: i32,
  inHeight: i32,
  inWidth: i32,
  channels: i32,
  filterHeight: i32,
  filterWidth: i32,
  outHeight: i32,
  outWidth: i32,
  strideHeight: i32,
  strideWidth: i32,
  dilationHeight: i32,
  dilationWidth: i32,
  padTop: i32,
  padLeft: i32,
  to: usize,
  rowSize: i32,
): void {
  const pixel = (<usize>channels) << 2
  const step = (<usize>rowSize) << 3
  for (let example = 0; example < exampleCount; example++) {
    for (let outRow = 0; outRow < outHeight; outRow++) {
      for (let outColumn = 0; outColumn < outWidth; outColumn++) {
        const left = outColumn * strideWidth - padLeft
        // The columns of the filter that are within the image.
        const first = left < 0 ? (dilationWidth - 1 - left) / dilationWidth : 0
        const end = min(filterWidth, (inWidth - left + dilationWidth - 1) / dilationWidth)
        for (let i = 0; i < filterHeight; i++) {
          const y = outRow * strideHeight + i * dilationHeight - padTop
          if (y < 0 || y >= inHeight || first >= end) continue
          let from = images + <usize>(y * inWidth + left + first * dilationWidth) * pixel
          let at = to + ((<usize>((i * filterWidth + first) * channels)) << 3)
          if (dilationWidth === 1) promote(from, <usize>(end - first) * pixel, at)
          else {
            for (let j = first; j < end; j++) {
              promote(from, pixel, at)
              from += <usize>dilationWidth * pixel
              at += 2 * pixel
            }
          }
        }
        to += step
      }
    }
    images += <usize>(inHeight * inWidth) * pixel
  }
}

/** p = A v of the leading [size, size] numbers of a symmetric matrix with rows of n, from its lower triangle. */
export function multiplyLower(a: usize, n: i32, size: i32, v: usize, p: usize): void {
  const step = (<usize>n) << 3
  for (let k = 0; k < size; k++) {
    const row = a + <usize>k * step
    const factor = load<f64>(v + ((<usize>k) << 3))
    const factors = f64x2.splat(factor)
    const whole = (<usize>(k & ~1)) << 3
    let sums = f64x2.splat(0)
    let at: usize = 0
    for (; at < whole; at += 16) {
      const elements = v128.load(row + at)
      sums = f64x2.add(sums, f64x2.mul(elements, v128.load(v + at)))
      v128.store(p + at, f64x2.add(v128.load(p + at), f64x2.mul(elements, factors)))
    }
    let sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1)
    const end = (<usize>k) << 3
    if (at < end) {
      const element = load<f64>(row + at)
      sum += element * load<f64>(v + at)
      store<f64>(p + at, load<f64>(p + at) + element * factor)
    }
    store<f64>(p + end, sum + load<f64>(row + end) * factor)
  }
}

/** A −= v pᵀ + p vᵀ in the lower triangle of the leading [size, size] numbers of a matrix with rows of n. */
export function subtractRankTwo(a: usize, n: i32, size: i32, v: usize, p: usize): void {
  const step = (<usize>n) << 3
  for (let k = 0; k < size; k++) {
    const row = a + <usize>k * step
    const at = (<usize>k) << 3
    subtractTwo(row, load<f64>(v + at), p, load<f64>(p + at), v, k + 1)
  }
}

/** x −= first y + second z */
function subtractTwo(x: usize, first: f64, y: usize, second: f64, z: usize, count: i32): void {
  const firsts = f64x2.splat(first)
  const seconds = f64x2.splat(second)
  const whole = (<usize>(count & ~1)) << 3
  let at: usize = 0
  for (; at < whole; at += 16) {
    const sum = f64x2.add(
      f64x2.mul(firsts, v128.load(y + at)),
      f64x2.mul(seconds, v128.load(z + at)),
    )
    v128.store(x + at, f64x2.sub(v128.load(x + at), sum))
  }
  if (count & 1) {
    const sum = first * load<f64>(y + at) + second * load<f64>(z + at)
    store<f64>(x + at, load<f64>(x + at) - sum)
  }
}

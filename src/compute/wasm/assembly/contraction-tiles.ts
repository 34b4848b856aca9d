import { multiplyAdd } from './fma'

/**
 * Sums image[channel] · δ[output] over rows × columns, for a tile of channels × outputs, which stays in registers.
 * Zero or negative numbers of rows and columns give zeros.
 */
export function tile2x16(
  image: usize,
  delta: usize,
  to: usize,
  rows: i32,
  columns: i32,
  imageRowStep: i32,
  deltaRowStep: i32,
  pixelStep: i32,
  positionStep: i32,
  gradientStep: usize,
): void {
  let a0 = f32x4.splat(0)
  let a1 = f32x4.splat(0)
  let a2 = f32x4.splat(0)
  let a3 = f32x4.splat(0)
  let b0 = f32x4.splat(0)
  let b1 = f32x4.splat(0)
  let b2 = f32x4.splat(0)
  let b3 = f32x4.splat(0)
  for (let row = 0; row < rows; row++) {
    let pixel = image
    let position = delta
    for (let column = 0; column < columns; column++) {
      const x = v128.load32_splat(pixel)
      const y = v128.load32_splat(pixel, 4)
      const d0 = v128.load(position)
      const d1 = v128.load(position, 16)
      const d2 = v128.load(position, 32)
      const d3 = v128.load(position, 48)
      a0 = multiplyAdd(x, d0, a0)
      a1 = multiplyAdd(x, d1, a1)
      a2 = multiplyAdd(x, d2, a2)
      a3 = multiplyAdd(x, d3, a3)
      b0 = multiplyAdd(y, d0, b0)
      b1 = multiplyAdd(y, d1, b1)
      b2 = multiplyAdd(y, d2, b2)
      b3 = multiplyAdd(y, d3, b3)
      pixel += pixelStep
      position += positionStep
    }
    image += imageRowStep
    delta += deltaRowStep
  }
  store16(to, a0, a1, a2, a3)
  store16(to + gradientStep, b0, b1, b2, b3)
}

export function tile1x16(
  image: usize,
  delta: usize,
  to: usize,
  rows: i32,
  columns: i32,
  imageRowStep: i32,
  deltaRowStep: i32,
  pixelStep: i32,
  positionStep: i32,
): void {
  let a0 = f32x4.splat(0)
  let a1 = f32x4.splat(0)
  let a2 = f32x4.splat(0)
  let a3 = f32x4.splat(0)
  for (let row = 0; row < rows; row++) {
    let pixel = image
    let position = delta
    for (let column = 0; column < columns; column++) {
      const x = v128.load32_splat(pixel)
      a0 = multiplyAdd(x, v128.load(position), a0)
      a1 = multiplyAdd(x, v128.load(position, 16), a1)
      a2 = multiplyAdd(x, v128.load(position, 32), a2)
      a3 = multiplyAdd(x, v128.load(position, 48), a3)
      pixel += pixelStep
      position += positionStep
    }
    image += imageRowStep
    delta += deltaRowStep
  }
  store16(to, a0, a1, a2, a3)
}

export function tile1x4(
  image: usize,
  delta: usize,
  to: usize,
  rows: i32,
  columns: i32,
  imageRowStep: i32,
  deltaRowStep: i32,
  pixelStep: i32,
  positionStep: i32,
): void {
  let sums = f32x4.splat(0)
  for (let row = 0; row < rows; row++) {
    let pixel = image
    let position = delta
    for (let column = 0; column < columns; column++) {
      sums = multiplyAdd(v128.load32_splat(pixel), v128.load(position), sums)
      pixel += pixelStep
      position += positionStep
    }
    image += imageRowStep
    delta += deltaRowStep
  }
  v128.store(to, sums)
}

export function tile1x1(
  image: usize,
  delta: usize,
  to: usize,
  rows: i32,
  columns: i32,
  imageRowStep: i32,
  deltaRowStep: i32,
  pixelStep: i32,
  positionStep: i32,
): void {
  let sum: f32 = 0
  for (let row = 0; row < rows; row++) {
    let pixel = image
    let position = delta
    for (let column = 0; column < columns; column++) {
      sum += load<f32>(pixel) * load<f32>(position)
      pixel += pixelStep
      position += positionStep
    }
    image += imageRowStep
    delta += deltaRowStep
  }
  store<f32>(to, sum)
}

function store16(to: usize, s0: v128, s1: v128, s2: v128, s3: v128): void {
  v128.store(to, s0)
  v128.store(to, s1, 16)
  v128.store(to, s2, 32)
  v128.store(to, s3, 48)
}

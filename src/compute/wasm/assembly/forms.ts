import {
  computeFloat16Products,
  computeFloat16Squares,
  productScale,
  scaledStep,
} from './float16-products'
import { computeInnerProducts, shortProduct, squares } from './products'

/**
 * sums[i, j] += factor · a_i's scale · b_j's scale · products[i, j]; sums and products are
 * [aRows, bRows] float64.
 */
function addScaled(
  products: usize,
  factor: f64,
  aScales: usize,
  aRows: i32,
  bScales: usize,
  bRows: i32,
  sums: usize,
): void {
  for (let i = 0; i < aRows; i++) {
    const scale = factor * load<f64>(aScales + ((<usize>i) << 3))
    for (let j = 0; j < bRows; j++) {
      const product = load<f64>(products) * scale * load<f64>(bScales + ((<usize>j) << 3))
      store<f64>(sums, load<f64>(sums) + product)
      products += 8
      sums += 8
    }
  }
}

/** The inner products of rows of float32, or of those of `scaleTests` with float16, but for their factor. */
function multiplyRows(
  isFloat16: bool,
  a: usize,
  aRows: i32,
  b: usize,
  bRows: i32,
  size: usize,
  products: usize,
): void {
  if (isFloat16) computeFloat16Products(a, aRows, b, bRows, size, products)
  else computeInnerProducts(a, aRows, b, bRows, size, products)
}

/**
 * Adds the inner products of dense rows; those of B have `size` bytes. `scratch` has room for
 * [aRows, bRows] float64. With `isFloat16`, `scaleTests` wrote A, and B is float16.
 */
export function addDense(
  a: usize,
  aScales: usize,
  aRows: i32,
  b: usize,
  bScales: usize,
  bRows: i32,
  size: usize,
  scratch: usize,
  sums: usize,
  isFloat16: bool,
): void {
  multiplyRows(isFloat16, a, aRows, b, bRows, size, scratch)
  addScaled(scratch, isFloat16 ? productScale : 1, aScales, aRows, bScales, bRows, sums)
}

/** The squares of rows of float32, or of contiguous float16. */
function squareRows(isFloat16: bool, a: usize, rows: i32, size: usize, products: usize): void {
  if (isFloat16) computeFloat16Squares(a, rows, size, products)
  else squares(a, rows, size, products)
}

/** sums[i] += ‖a_i‖² of dense rows; `scratch` has room for [rows] float64. */
export function addDenseSquares(
  a: usize,
  scales: usize,
  rows: i32,
  size: usize,
  scratch: usize,
  sums: usize,
  isFloat16: bool,
): void {
  squareRows(isFloat16, a, rows, size, scratch)
  addScaledSquares(scratch, scales, rows, sums)
}

/** sums[i] += ‖a_i‖²‖δ_i‖² of factors of one position; `scratch` has room for two such tables. */
export function addFactoredSquares(
  a: usize,
  delta: usize,
  scales: usize,
  rows: i32,
  inputSize: usize,
  outputSize: usize,
  scratch: usize,
  sums: usize,
  isFloat16: bool,
): void {
  const size = (<usize>rows) << 3
  squareRows(isFloat16, a, rows, inputSize, scratch)
  squareRows(isFloat16, delta, rows, outputSize, scratch + size)
  for (let at = scratch; at < scratch + size; at += 8) {
    store<f64>(at, load<f64>(at) * load<f64>(at + size))
  }
  addScaledSquares(scratch, scales, rows, sums)
}

function addScaledSquares(products: usize, scales: usize, rows: i32, sums: usize): void {
  for (let at: usize = 0; at < (<usize>rows) << 3; at += 8) {
    const scale = load<f64>(scales + at)
    store<f64>(sums + at, load<f64>(sums + at) + load<f64>(products + at) * scale * scale)
  }
}

/**
 * Adds Σ_{t,s} (a_t·b_s)(α_t·β_s) of factored rows: `b` [bRows, bPositions, inputSize], `beta`
 * [bRows, bPositions, outputSize], the sizes in bytes. `scratch` has room for two tables of float64:
 * [aRows, bRows] if all have one position, else [aPositions, bPositions]. `isFloat16` as above.
 */
export function addFactored(
  a: usize,
  alpha: usize,
  aPositions: i32,
  aScales: usize,
  aRows: i32,
  b: usize,
  beta: usize,
  bPositions: i32,
  bScales: usize,
  bRows: i32,
  inputSize: usize,
  outputSize: usize,
  scratch: usize,
  sums: usize,
  isFloat16: bool,
): void {
  const factor: f64 = isFloat16 ? productScale * productScale : 1
  if (aPositions === 1 && bPositions === 1) {
    const count = aRows * bRows
    const other = scratch + ((<usize>count) << 3)
    multiplyRows(isFloat16, a, aRows, b, bRows, inputSize, scratch)
    multiplyRows(isFloat16, alpha, aRows, beta, bRows, outputSize, other)
    for (let at: usize = 0; at < (<usize>count) << 3; at += 8) {
      store<f64>(scratch + at, load<f64>(scratch + at) * load<f64>(other + at))
    }
    addScaled(scratch, factor, aScales, aRows, bScales, bRows, sums)
    return
  }
  const count = aPositions * bPositions
  const other = scratch + ((<usize>count) << 3)
  const aSize = isFloat16 ? scaledStep(inputSize) : inputSize
  const alphaSize = isFloat16 ? scaledStep(outputSize) : outputSize
  for (let i = 0; i < aRows; i++) {
    const scale = factor * load<f64>(aScales + ((<usize>i) << 3))
    const aRow = a + <usize>(i * aPositions) * aSize
    const alphaRow = alpha + <usize>(i * aPositions) * alphaSize
    for (let j = 0; j < bRows; j++) {
      const bRow = b + <usize>(j * bPositions) * inputSize
      const betaRow = beta + <usize>(j * bPositions) * outputSize
      multiplyRows(isFloat16, aRow, aPositions, bRow, bPositions, inputSize, scratch)
      multiplyRows(isFloat16, alphaRow, aPositions, betaRow, bPositions, outputSize, other)
      let sum: f64 = 0
      for (let at: usize = 0; at < (<usize>count) << 3; at += 8) {
        sum += load<f64>(scratch + at) * load<f64>(other + at)
      }
      sum *= scale * load<f64>(bScales + ((<usize>j) << 3))
      store<f64>(sums, load<f64>(sums) + sum)
      sums += 8
    }
  }
}

/**
 * Adds Σ_{t,s} [index_t = index'_s] (δ_t·δ'_s) of lookups: indices [aRows, aPositions] int32, `alpha`
 * [aRows, aPositions, rowSize bytes].
 */
export function addMatching(
  aIndices: usize,
  alpha: usize,
  aPositions: i32,
  aScales: usize,
  aRows: i32,
  bIndices: usize,
  beta: usize,
  bPositions: i32,
  bScales: usize,
  bRows: i32,
  rowSize: usize,
  sums: usize,
): void {
  for (let i = 0; i < aRows; i++) {
    const scale = load<f64>(aScales + ((<usize>i) << 3))
    for (let j = 0; j < bRows; j++) {
      let sum: f64 = 0
      for (let t = i * aPositions; t < (i + 1) * aPositions; t++) {
        const index = load<i32>(aIndices + ((<usize>t) << 2))
        for (let s = j * bPositions; s < (j + 1) * bPositions; s++) {
          if (load<i32>(bIndices + ((<usize>s) << 2)) !== index) continue
          sum += shortProduct(alpha + <usize>t * rowSize, beta + <usize>s * rowSize, rowSize)
        }
      }
      sum *= scale * load<f64>(bScales + ((<usize>j) << 3))
      store<f64>(sums, load<f64>(sums) + sum)
      sums += 8
    }
  }
}

/**
 * Adds Σ_t δ_t · G'[index_t] of lookups and one dense gradient G', `rowSize` bytes a row. The rows of `delta` are
 * `deltaStep` bytes apart, and the sums of two examples `sumStep`.
 */
export function addLookedUp(
  indices: usize,
  delta: usize,
  deltaStep: usize,
  positions: i32,
  scales: usize,
  rows: i32,
  table: usize,
  rowSize: usize,
  tableScale: f64,
  sums: usize,
  sumStep: usize,
): void {
  for (let i = 0; i < rows; i++) {
    let sum: f64 = 0
    for (let t = 0; t < positions; t++) {
      sum += shortProduct(delta, table + <usize>load<i32>(indices) * rowSize, rowSize)
      indices += 4
      delta += deltaStep
    }
    sum *= tableScale * load<f64>(scales + ((<usize>i) << 3))
    store<f64>(sums, load<f64>(sums) + sum)
    sums += sumStep
  }
}

/** Adds δ_t to row index_t of a dense gradient, `rowSize` bytes a row; `delta` as above. */
export function materializeLookup(
  indices: usize,
  delta: usize,
  deltaStep: usize,
  positions: i32,
  rowSize: usize,
  gradient: usize,
): void {
  for (let t = 0; t < positions; t++) {
    const to = gradient + <usize>load<i32>(indices) * rowSize
    for (let k: usize = 0; k < rowSize; k += 4) {
      store<f32>(to + k, load<f32>(to + k) + load<f32>(delta + k))
    }
    indices += 4
    delta += deltaStep
  }
}

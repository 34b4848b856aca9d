/** A matrix within an array: element [i, l] stands at offset + i · rowStep + l · columnStep. */
export interface StridedMatrix {
  readonly data: Float64Array
  readonly rowStep: number
  readonly columnStep: number
}

/** A whole matrix of so many columns, row-major. */
export const rowMajor = (data: Float64Array, columns: number): StridedMatrix => ({
  data,
  rowStep: columns,
  columnStep: 1,
})

/** The transpose of such a matrix. */
export const transposed = (data: Float64Array, columns: number): StridedMatrix => ({
  data,
  rowStep: 1,
  columnStep: columns,
})

/**
 * C = A B, into the beginning of `product`: A is [m, inner], B [inner, n] and C [m, n], the latter two row-major. One type
 * of array throughout, or engines compile slower loops.
 */
export function multiply(
  { data, rowStep, columnStep }: StridedMatrix,
  b: Float64Array,
  [m, inner, n]: readonly [number, number, number],
  product: Float64Array,
): void {
  product.fill(0, 0, m * n)
  for (let i = 0; i < m; i++) {
    let at = i * rowStep
    let l = 0
    for (; l + 4 <= inner; l += 4, at += 4 * columnStep) {
      addFour(data, at, columnStep, b, l * n, n, product, i * n)
    }
    for (; l < inner; l++, at += columnStep) {
      const factor = data[at]!
      for (let j = 0; j < n; j++) product[i * n + j]! += factor * b[l * n + j]!
    }
  }
}

/** Four rows of B for each sum that is loaded and stored. */
function addFour(
  a: Float64Array,
  at: number,
  step: number,
  b: Float64Array,
  from: number,
  n: number,
  product: Float64Array,
  to: number,
): void {
  const a0 = a[at]!
  const a1 = a[at + step]!
  const a2 = a[at + 2 * step]!
  const a3 = a[at + 3 * step]!
  // Behind a ReLU many are.
  if (a0 === 0 && a1 === 0 && a2 === 0 && a3 === 0) return
  for (let j = 0; j < n; j++, from++) {
    product[to + j]! +=
      a0 * b[from]! + a1 * b[from + n]! + a2 * b[from + 2 * n]! + a3 * b[from + 3 * n]!
  }
}

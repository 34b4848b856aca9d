/** A matrix within an array: element [i, l] is at i · rowStep + l · columnStep. */
export interface StridedMatrix {
  readonly data: Float64Array
  readonly rowStep: number
  readonly columnStep: number
}

/**
 * Writes C = A B to the start of `product`: A is [m, inner], B [inner, n] and C [m, n], B and C row-major. All arrays have
 * one type, because engines compile slower loops otherwise. Tiles of two rows by four columns of A are half as fast again as
 * single rows: 1.6 against 1.1 · 10⁹ multiplications a second (Node 20, AMD EPYC at 2.6 GHz, 2026-11).
 */
export function multiply(
  { data, rowStep, columnStep }: StridedMatrix,
  b: Float64Array,
  [m, inner, n]: readonly [number, number, number],
  product: Float64Array,
): void {
  product.fill(0, 0, m * n)
  for (let i = 0; i < m; i += 2) {
    const isPair = i + 1 < m
    const next = isPair ? rowStep : 0
    let at = i * rowStep
    let l = 0
    for (; l + 4 <= inner; l += 4, at += 4 * columnStep) {
      if (isPair) addTile(data, at, rowStep, columnStep, b, l * n, n, product, i * n)
      else addFour(data, at, columnStep, b, l * n, n, product, i * n)
    }
    for (; l < inner; l++, at += columnStep) {
      for (let row = 0; row < (isPair ? 2 : 1); row++) {
        const factor = data[at + row * next]!
        for (let j = 0; j < n; j++) product[(i + row) * n + j]! += factor * b[l * n + j]!
      }
    }
  }
}

/** Two rows of A, four rows of B. */
function addTile(
  a: Float64Array,
  at: number,
  rowStep: number,
  step: number,
  b: Float64Array,
  from: number,
  n: number,
  product: Float64Array,
  to: number,
): void {
  const below = at + rowStep
  const a0 = a[at]!
  const a1 = a[at + step]!
  const a2 = a[at + 2 * step]!
  const a3 = a[at + 3 * step]!
  const c0 = a[below]!
  const c1 = a[below + step]!
  const c2 = a[below + 2 * step]!
  const c3 = a[below + 3 * step]!
  for (let j = 0; j < n; j++, from++) {
    const b0 = b[from]!
    const b1 = b[from + n]!
    const b2 = b[from + 2 * n]!
    const b3 = b[from + 3 * n]!
    product[to + j]! += a0 * b0 + a1 * b1 + a2 * b2 + a3 * b3
    product[to + n + j]! += c0 * b0 + c1 * b1 + c2 * b2 + c3 * b3
  }
}

/** One row of A, four rows of B. */
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
  // After a ReLU, many are zero.
  if (a0 === 0 && a1 === 0 && a2 === 0 && a3 === 0) return
  for (let j = 0; j < n; j++, from++) {
    product[to + j]! +=
      a0 * b[from]! + a1 * b[from + n]! + a2 * b[from + 2 * n]! + a3 * b[from + 3 * n]!
  }
}

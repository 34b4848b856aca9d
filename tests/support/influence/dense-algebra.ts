/** A matrix of numbers in float64, row by row. */
export type Matrix = readonly (readonly number[])[]

/** Solves M x = b by Gaussian elimination with pivots. */
export function solve(matrix: Matrix, right: readonly number[]): number[] {
  const n = right.length
  const rows = matrix.map((row, k) => [...row, right[k]!])
  for (let k = 0; k < n; k++) {
    let pivot = k
    for (let i = k + 1; i < n; i++) {
      if (Math.abs(rows[i]![k]!) > Math.abs(rows[pivot]![k]!)) pivot = i
    }
    ;[rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!]
    for (let i = k + 1; i < n; i++) {
      const factor = rows[i]![k]! / rows[k]![k]!
      for (let j = k; j <= n; j++) rows[i]![j]! -= factor * rows[k]![j]!
    }
  }
  const x = Array.from({ length: n }, () => 0)
  for (let k = n - 1; k >= 0; k--) {
    let sum = rows[k]![n]!
    for (let j = k + 1; j < n; j++) sum -= rows[k]![j]! * x[j]!
    x[k] = sum / rows[k]![k]!
  }
  return x
}

/** The eigenvalues of a symmetric matrix, and its eigenvectors in columns, by cyclic Jacobi rotations. */
export function decomposeByJacobi(matrix: Matrix): {
  readonly values: number[]
  readonly vectors: number[][]
} {
  const n = matrix.length
  const a = matrix.map((row) => [...row])
  const q = a.map((_, i) => a.map((__, j) => (i === j ? 1 : 0)))
  for (let sweep = 0; sweep < 60; sweep++) {
    for (let i = 0; i < n; i++) {
      for (let j = i + 1; j < n; j++) {
        if (a[i]![j] === 0) continue
        const angle = 0.5 * Math.atan2(2 * a[i]![j]!, a[j]![j]! - a[i]![i]!)
        const [c, s] = [Math.cos(angle), Math.sin(angle)]
        for (const rows of [a, q]) {
          for (const row of rows) {
            const [x, y] = [row[i]!, row[j]!]
            row[i] = c * x - s * y
            row[j] = s * x + c * y
          }
        }
        const [first, second] = [a[i]!, a[j]!]
        for (let k = 0; k < n; k++) {
          const [x, y] = [first[k]!, second[k]!]
          first[k] = c * x - s * y
          second[k] = s * x + c * y
        }
      }
    }
  }
  return { values: a.map((row, k) => row[k]!), vectors: q }
}

import type { Numbers } from '../../gradients/numbers/number-memory.js'
import type { Matrices, MatrixView } from './matrices.js'
import { writePatches } from './write-patches.js'

function multiplyAdd(
  a: MatrixView,
  b: MatrixView,
  [m, inner, n]: readonly [number, number, number],
  c: MatrixView,
  isLower = false,
): void {
  const [left, right, sums] = [a.numbers.data, b.numbers.data, c.numbers.data]
  for (let i = 0; i < m; i++) {
    const to = c.offset + i * c.rowStep
    const end = isLower ? i + 1 : n
    for (let l = 0; l < inner; l++) {
      const factor = left[a.offset + i * a.rowStep + l * a.columnStep]!
      if (factor === 0) continue
      const from = b.offset + l * b.rowStep
      for (let j = 0; j < end; j++) sums[to + j]! += factor * right[from + j]!
    }
  }
}

function multiplyLower(a: Numbers, n: number, size: number, v: MatrixView, p: Numbers): void {
  const [matrix, vector, product] = [a.data, v.numbers.data, p.data]
  const from = v.offset
  for (let k = 0; k < size; k++) {
    const row = k * n
    const factor = vector[from + k]!
    let sum = 0
    for (let l = 0; l < k; l++) {
      const element = matrix[row + l]!
      sum += element * vector[from + l]!
      product[l]! += element * factor
    }
    product[k] = sum + matrix[row + k]! * factor
  }
}

function subtractRankTwo(a: Numbers, n: number, size: number, v: MatrixView, p: Numbers): void {
  const [matrix, vector, other] = [a.data, v.numbers.data, p.data]
  const from = v.offset
  for (let k = 0; k < size; k++) {
    const row = k * n
    const [first, second] = [vector[from + k]!, other[k]!]
    for (let l = 0; l <= k; l++) {
      matrix[row + l]! -= first * other[l]! + second * vector[from + l]!
    }
  }
}

const writeRows: Matrices['writeRows'] = (vectors, size, { data }, rowSize) => {
  for (let from = 0, to = 0; from < vectors.length; from += size, to += rowSize) {
    for (let k = 0; k < size; k++) data[to + k] = vectors[from + k]!
  }
}

/** Matrices in JavaScript's memory. */
export const plainMatrices: Matrices = {
  allocate: (count) => ({ data: new Float64Array(count) }),
  clear: () => undefined,
  reserve: () => undefined,
  freeFrom: () => undefined,
  writeRows,
  writePatches,
  multiplyAdd,
  multiplyLower,
  subtractRankTwo,
}

import type { Rest } from '../rest.js'
import type { Matrices, MatrixView } from './matrices.js'

/** Some milliseconds. */
const multiplicationsAtOnce = 2 ** 26

/**
 * C += A B, some rows at a time, so that the page can respond.
 *
 * @param isLower true if only the lower triangle of a square C is needed
 */
export async function multiplyInParts(
  matrices: Matrices,
  a: MatrixView,
  b: MatrixView,
  [m, inner, n]: readonly [number, number, number],
  c: MatrixView,
  rest: Rest,
  isLower = false,
): Promise<void> {
  if (m * inner * n <= multiplicationsAtOnce) {
    matrices.multiplyAdd(a, b, [m, inner, n], c, isLower)
    return
  }
  // Tiles have four rows.
  const count = 4 * Math.max(1, Math.floor(multiplicationsAtOnce / (4 * inner * n)))
  for (let start = 0; start < m; start += count) {
    const end = Math.min(start + count, m)
    const [left, into] = [skipRows(a, start), skipRows(c, start)]
    matrices.multiplyAdd(left, b, [end - start, inner, isLower ? end : n], into)
    await rest()
  }
}

const skipRows = (view: MatrixView, count: number): MatrixView => ({
  ...view,
  offset: view.offset + count * view.rowStep,
})

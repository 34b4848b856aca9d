import type { LookupSegment } from '../gradients/block.js'
import type { CurvatureBlock } from './curvature-block.js'
import type { Numbers } from '../gradients/numbers/number-memory.js'
import {
  type Matrices,
  type MatrixView,
  place,
  placeTransposed,
  viewRows,
} from './matrices/matrices.js'
import { sumLookups } from './sum-lookups.js'

/**
 * Computes (H + λ)⁻¹ g of lookups, which has the same rows as g. Positions of one row are
 * summed, and those that are left have zeros.
 *
 * @param inverse 1 / (Λ + λ)
 * @param matrices a workspace, whose numbers are freed
 */
export function preconditionLookups(
  { columns, outputBasis }: CurvatureBlock,
  segment: LookupSegment,
  exampleCount: number,
  inverse: Float64Array,
  matrices: Matrices,
): LookupSegment {
  matrices.clear()
  const { positions } = segment
  const basis = outputBasis && {
    forth: viewRows(place(matrices, outputBasis), columns),
    back: viewRows(placeTransposed(matrices, outputBasis, columns), columns),
  }
  const vectors = matrices.allocate(positions * columns)
  const rotated = matrices.allocate(positions * columns)
  const indices = new Int32Array(exampleCount * positions)
  const delta = new Float32Array(exampleCount * positions * columns)
  const multiply = (from: Numbers, matrix: MatrixView, count: number, into: Numbers): void => {
    into.data.fill(0)
    const sizes = [count, columns, columns] as const
    matrices.multiplyAdd(viewRows(from, columns), matrix, sizes, viewRows(into, columns))
  }
  for (let example = 0; example < exampleCount; example++) {
    const own = sumLookups(segment, example)
    const count = own.indices.length
    vectors.data.set(own.sums)
    if (basis !== undefined) multiply(vectors, basis.forth, count, rotated)
    const { data } = basis === undefined ? vectors : rotated
    for (const [t, index] of own.indices.entries()) {
      for (let k = 0; k < columns; k++) data[t * columns + k]! *= inverse[index * columns + k]!
    }
    if (basis !== undefined) multiply(rotated, basis.back, count, vectors)
    const first = example * positions
    indices.set(own.indices, first)
    delta.set(vectors.data.subarray(0, count * columns), first * columns)
  }
  return { ...segment, indices, delta }
}

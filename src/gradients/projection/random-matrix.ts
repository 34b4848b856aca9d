import { seededNormal } from '../../random.js'

/** The side of a gradient's matrix: input for P_a, output for P_δ. */
export type ProjectedSide = 'input' | 'output'

/**
 * Draws P [size, projectedSize], row-major: normal numbers of variance 1/projectedSize, so that the mean of P Pᵀ over all
 * seeds is the identity. They are rounded to float32, because engines may differ in further digits of logarithm and sine.
 * Seed, parameter and side select the stream of random numbers; see docs/reference/gradient-store.md.
 */
export function drawRandomMatrix(
  size: number,
  projectedSize: number,
  {
    seed,
    index,
    side,
  }: { readonly seed: number; readonly index: number; readonly side: ProjectedSide },
): Float64Array {
  const normal = seededNormal(seed, index, side === 'input' ? 0 : 1)
  const scale = 1 / Math.sqrt(projectedSize)
  const matrix = new Float64Array(size * projectedSize)
  for (let at = 0; at < matrix.length; at++) matrix[at] = Math.fround(normal() * scale)
  return matrix
}

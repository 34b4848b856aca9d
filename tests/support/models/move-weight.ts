import type { Weights } from '../references/predictor-conformance.js'

/** The weights with one number of one of them changed. */
export function moveWeight(
  weights: readonly Weights[],
  which: number,
  element: number,
  by: number,
): Weights[] {
  return weights.map((weight, w) => {
    if (w !== which) return weight
    let at = 0
    const move = (value: number): number => (at++ === element ? value + by : value)
    return (weight as readonly (number | readonly number[])[]).map((row) =>
      typeof row === 'number' ? move(row) : row.map(move),
    ) as Weights
  })
}

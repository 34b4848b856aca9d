/**
 * The step of differences in float64: truncation is h⁴ ≈ 1e-12 times the fifth derivative, and rounding 1e-16 / h ≈
 * 1e-13.
 */
const h = 1e-3

/** Returns the derivatives of a function at a point, by differences at ±h and ±2h. */
export function differentiate(
  point: Float64Array,
  evaluate: (point: Float64Array) => number,
): Float64Array {
  const moved = Float64Array.from(point)
  return Float64Array.from(point, (own, k) => {
    const at = (by: number): number => {
      moved[k] = own + by
      const value = evaluate(moved)
      moved[k] = own
      return value
    }
    return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)
  })
}

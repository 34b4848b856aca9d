/**
 * One sweep of implicit QL over the rows from l to m of a tridiagonal matrix.
 *
 * @param turn called with each rotation of a row and the next one, by its cosine and sine
 */
export function sweepUp(
  d: Float64Array,
  e: Float64Array,
  l: number,
  m: number,
  turn: (first: number, c: number, s: number) => void,
): void {
  const slope = (d[l + 1]! - d[l]!) / (2 * e[l]!)
  const root = Math.hypot(slope, 1)
  let g = d[m]! - d[l]! + e[l]! / (slope + (slope < 0 ? -root : root))
  let [s, c, p] = [1, 1, 0]
  for (let i = m - 1; i >= l; i--) {
    const f = s * e[i]!
    const b = c * e[i]!
    const radius = Math.hypot(f, g)
    e[i + 1] = radius
    if (radius === 0) {
      d[i + 1]! -= p
      e[m] = 0
      return
    }
    s = f / radius
    c = g / radius
    const shifted = d[i + 1]! - p
    const q = (d[i]! - shifted) * s + 2 * c * b
    p = s * q
    d[i + 1] = shifted + p
    g = c * q - b
    turn(i, c, s)
  }
  d[l]! -= p
  e[l] = g
  e[m] = 0
}

/** Where eigenvalue i of D + ρ z zᵀ is: at the distance `offset` from d[origin], one of its two neighbours in D. */
export interface SecularRoot {
  readonly origin: number
  readonly offset: number
}

/**
 * Finds root i of the secular equation 1/ρ + Σ_j z_j² / (d_j − λ) = 0, which is between d_i and d_{i+1}, or above d_i for
 * the last one. It is computed as its distance from the nearer of the two, so that differences to all d_j are accurate to
 * their last digits. The steps are those of the "middle way" of Li (1993), "Solving secular equations stably and
 * efficiently", within a bracket.
 *
 * @param d ascending, each different from the next
 * @param squares z_j², above 0
 * @param poles a workspace of k numbers
 */
export function solveSecularEquation(
  i: number,
  k: number,
  d: Float64Array,
  squares: Float64Array,
  rho: number,
  poles: Float64Array,
): SecularRoot {
  const isLast = i === k - 1
  const equation = new SecularEquation(i, k, squares, rho, poles)
  let origin = i
  let low = 0
  let high: number
  setPoles(poles, d, origin, k)
  if (isLast) {
    let total = 0
    for (let j = 0; j < k; j++) total += squares[j]!
    high = rho * total
  } else {
    high = (d[i + 1]! - d[i]!) / 2
    if (equation.evaluate(high) < 0) {
      origin = i + 1
      setPoles(poles, d, origin, k)
      ;[low, high] = [-high, 0]
    }
  }
  let offset = isLast || origin === i ? high : low
  let before = Infinity
  for (let step = 0; step < mostSteps; step++) {
    const value = equation.evaluate(offset)
    if (Math.abs(value) <= equation.rounding) break
    if (value < 0) low = offset
    else high = offset
    let next = offset + equation.findStep(offset, isLast)
    // Steps that do not halve the value are of a model that does not fit.
    const isSlow = step > 3 && Math.abs(value) > before / 2
    if (isSlow || !(next > low && next < high)) next = low + (high - low) / 2
    before = Math.abs(value)
    if (next === offset || next === low || next === high) break
    offset = next
  }
  return { origin, offset }
}

/** Bisection alone takes less. */
const mostSteps = 200

function setPoles(poles: Float64Array, d: Float64Array, origin: number, k: number): void {
  const from = d[origin]!
  for (let j = 0; j < k; j++) poles[j] = d[j]! - from
}

/** The equation at an offset from the origin: its value, the slopes of both sides of the root, and its rounding. */
class SecularEquation {
  readonly #i: number
  readonly #k: number
  readonly #squares: Float64Array
  readonly #inverse: number
  readonly #poles: Float64Array
  #value = 0
  #slopeBelow = 0
  #slopeAbove = 0
  /** The value may differ from zero by this much at the root. */
  rounding = 0

  constructor(i: number, k: number, squares: Float64Array, rho: number, poles: Float64Array) {
    this.#i = i
    this.#k = k
    this.#squares = squares
    this.#inverse = 1 / rho
    this.#poles = poles
  }

  evaluate(offset: number): number {
    const [i, k, squares, poles] = [this.#i, this.#k, this.#squares, this.#poles]
    let [below, slopeBelow, above, slopeAbove] = [0, 0, 0, 0]
    for (let j = 0; j <= i; j++) {
      const inverse = 1 / (poles[j]! - offset)
      const term = squares[j]! * inverse
      below += term
      slopeBelow += term * inverse
    }
    for (let j = k - 1; j > i; j--) {
      const inverse = 1 / (poles[j]! - offset)
      const term = squares[j]! * inverse
      above += term
      slopeAbove += term * inverse
    }
    this.#slopeBelow = slopeBelow
    this.#slopeAbove = slopeAbove
    this.rounding = 4 * Number.EPSILON * (this.#inverse + above - below)
    this.#value = this.#inverse + below + above
    return this.#value
  }

  /** The step to the root of c + s / (d_i − λ) + S / (d_{i+1} − λ), which has the value and the slopes of both sides. */
  findStep(offset: number, isLast: boolean): number {
    const [value, below, above] = [this.#value, this.#slopeBelow, this.#slopeAbove]
    const left = this.#poles[this.#i]! - offset
    if (isLast) {
      const c = value - left * below
      return left + (left * left * below) / c
    }
    const right = this.#poles[this.#i + 1]! - offset
    const c = value - left * below - right * above
    const a = (left + right) * value - left * right * (below + above)
    const b = left * right * value
    const root = Math.sqrt(Math.abs(a * a - 4 * b * c))
    if (a > 0) return (2 * b) / (a + root)
    return c === 0 ? b / a : (a - root) / (2 * c)
  }
}

import { assertQuadrature, type QuadratureMethod } from './quadrature-method.js'

/** ∫₀¹ f(α) dα ≈ Σ_k weights[k] f(alphas[k]); the weights sum to 1. */
export interface Quadrature {
  readonly alphas: Float64Array
  readonly weights: Float64Array
}

/** The nodes and weights of a rule on [0, 1]. The trapezoid needs two steps or more, its ends. */
export function quadrature(method: QuadratureMethod, nSteps: number): Quadrature {
  assertQuadrature(method, nSteps)
  const n = nSteps
  switch (method) {
    case 'riemann_left':
      return equallySpaced(n, (k) => k / n)
    case 'riemann_right':
      return equallySpaced(n, (k) => (k + 1) / n)
    case 'riemann_middle':
      return equallySpaced(n, (k) => (k + 0.5) / n)
    case 'riemann_trapezoid':
      return trapezoid(n)
    case 'gausslegendre':
      return gaussLegendre(n)
  }
}

function equallySpaced(n: number, alpha: (k: number) => number): Quadrature {
  return {
    alphas: Float64Array.from({ length: n }, (_, k) => alpha(k)),
    weights: new Float64Array(n).fill(1 / n),
  }
}

function trapezoid(n: number): Quadrature {
  const weights = new Float64Array(n).fill(1 / (n - 1))
  weights[0] = weights[n - 1] = 0.5 / (n - 1)
  return { alphas: Float64Array.from({ length: n }, (_, k) => k / (n - 1)), weights }
}

/** The roots of the Legendre polynomial P_n by Newton's method, from Tricomi's approximation. */
function gaussLegendre(n: number): Quadrature {
  const alphas = new Float64Array(n)
  const weights = new Float64Array(n)
  for (let k = 0; k < n; k++) {
    let root = Math.cos((Math.PI * (k + 0.75)) / (n + 0.5)) * (1 - (1 - 1 / n) / (8 * n * n))
    let { value, slope } = legendre(n, root)
    for (let iteration = 0; iteration < 100; iteration++) {
      const step = value / slope
      root -= step
      ;({ value, slope } = legendre(n, root))
      if (Math.abs(step) < 1e-15) break
    }
    // The roots come in descending order; (1 + ξ)/2 and half of the weight on [−1, 1].
    alphas[n - 1 - k] = (1 + root) / 2
    weights[n - 1 - k] = 1 / ((1 - root * root) * slope * slope)
  }
  return { alphas, weights }
}

/** P_n(x) and P_n'(x) by the three-term recurrence. */
function legendre(n: number, x: number): { value: number; slope: number } {
  let previous = 1
  let value = x
  for (let k = 2; k <= n; k++) {
    ;[previous, value] = [value, ((2 * k - 1) * x * value - (k - 1) * previous) / k]
  }
  return { value, slope: (n * (x * value - previous)) / (x * x - 1) }
}

/** A rule of about twice the steps: ∫ f ≈ kept · (the sum before) + Σ_k weights[k] f(alphas[k]). */
export interface Refinement {
  readonly nSteps: number
  /** ½ where the steps before are among those of the finer rule, 0 where none is. */
  readonly kept: number
  readonly rule: Quadrature
}

/** The next finer rule, which adds only what is new where steps nest: the middle rule's and Gauss–Legendre's do not. */
export function refined(method: QuadratureMethod, nSteps: number): Refinement {
  switch (method) {
    case 'riemann_left':
    case 'riemann_right':
      return { nSteps: 2 * nSteps, kept: 0.5, rule: between(nSteps) }
    case 'riemann_trapezoid':
      return { nSteps: 2 * nSteps - 1, kept: 0.5, rule: between(nSteps - 1) }
    case 'riemann_middle':
    case 'gausslegendre':
      return { nSteps: 2 * nSteps, kept: 0, rule: quadrature(method, 2 * nSteps) }
  }
}

/** The middles of n intervals, at half of their weights. */
const between = (n: number): Quadrature => ({
  alphas: Float64Array.from({ length: n }, (_, k) => (k + 0.5) / n),
  weights: new Float64Array(n).fill(0.5 / n),
})

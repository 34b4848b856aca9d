import { describe, expect, it } from 'vitest'
import { quadrature } from '../../../src/explainers/attribution/paths/quadrature.js'
import { quadratureMethods } from '../../../src/explainers/attribution/paths/quadrature-method.js'
import golden from '../../fixtures/alibi-golden.json'

/** Both sides compute in float64. */
const tolerance = 1e-12

describe.each(quadratureMethods)('%s', (method) => {
  it.each(Object.keys(golden.quadrature[method]).map(Number))(
    'has the nodes and weights of alibi at n = %i',
    (n) => {
      const byCount: Record<string, { alphas: number[]; step_sizes: number[] }> =
        golden.quadrature[method]
      const { alphas, step_sizes: stepSizes } = byCount[n] as {
        alphas: number[]
        step_sizes: number[]
      }
      const rule = quadrature(method, n)
      // alibi divides the trapezoid by n, not n − 1, so its weights do not sum to 1.
      const scale = method === 'riemann_trapezoid' ? n / (n - 1) : 1
      for (let k = 0; k < n; k++) {
        expect(Math.abs((rule.alphas[k] ?? NaN) - (alphas[k] ?? NaN))).toBeLessThan(tolerance)
        expect(Math.abs((rule.weights[k] ?? NaN) - scale * (stepSizes[k] ?? NaN))).toBeLessThan(
          tolerance,
        )
      }
    },
  )

  it.each([2, 3, 17, 50, 200, 1000])('has weights that sum to 1 at n = %i', (n) => {
    const sum = quadrature(method, n).weights.reduce((total, weight) => total + weight, 0)
    expect(Math.abs(sum - 1)).toBeLessThan(tolerance)
  })
})

it('integrates polynomials of degree 2n − 1 exactly by Gauss–Legendre', () => {
  for (const n of [1, 2, 5, 10, 30]) {
    const { alphas, weights } = quadrature('gausslegendre', n)
    for (const degree of [0, 1, n, 2 * n - 1]) {
      const integral = alphas.reduce(
        (sum, alpha, k) => sum + (weights[k] ?? 0) * alpha ** degree,
        0,
      )
      expect(Math.abs(integral - 1 / (degree + 1))).toBeLessThan(tolerance)
    }
  }
})

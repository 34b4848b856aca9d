import type { NdArray } from 'gradlens'
import { expect } from 'vitest'

/**
 * Four-point differences of float32 predictions with h = 0.03: rounding 6e-8 / h ≈ 2e-6 and truncation h⁴ ≈ 1e-6
 * times the fifth derivative, which is about 20 for tanh. Relative to the largest entry.
 */
export const differenceTolerance = 2e-4
const h = 0.03

/** Expects each number within the tolerance of the expected one. */
export function expectNear(
  got: ArrayLike<number>,
  wanted: ArrayLike<number>,
  tolerance: number,
): void {
  expect(got.length).toBe(wanted.length)
  for (let k = 0; k < wanted.length; k++) {
    const distance = Math.abs((got[k] ?? NaN) - (wanted[k] ?? NaN))
    expect(distance, `element ${k}: ${String(got[k])} for ${String(wanted[k])}`).toBeLessThan(
      tolerance,
    )
  }
}

export const largest = (numbers: Float64Array): number => Math.max(...numbers.map(Math.abs))

/** The numbers of one example. */
export const rowOf = ({ data, shape }: NdArray, i: number): number[] => {
  const size = data.length / (shape[0] ?? 1)
  return [...data.subarray(i * size, (i + 1) * size)]
}

/** A copy of the examples with element k moved. */
export function movedColumn({ data, shape }: NdArray, k: number, by: number): NdArray {
  const size = data.length / (shape[0] ?? 1)
  return {
    data: Float64Array.from(data, (value, at) => (at % size === k ? value + by : value)),
    shape,
  }
}

/** The slopes at 0 of functions of one number, by differences at ±h and ±2h. */
export async function fourPoint(at: (by: number) => Promise<readonly number[]>): Promise<number[]> {
  const [right, left] = [await at(h), await at(-h)]
  const [farRight, farLeft] = [await at(2 * h), await at(-2 * h)]
  return right.map((value, i) => {
    const near = (value - (left[i] ?? NaN)) / (2 * h)
    const far = ((farRight[i] ?? NaN) - (farLeft[i] ?? NaN)) / (4 * h)
    return (4 * near - far) / 3
  })
}

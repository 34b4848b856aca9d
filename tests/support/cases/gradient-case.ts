import type { Tensor } from '@tensorflow/tfjs'
import type { Device } from '../../../src/options.js'
import { separated, seededRandom, uniform } from '../random.js'

/**
 * How f depends on one coordinate of its inputs: it decides the points and the step of the differences.
 * On a straight line, a long step has no truncation error, and the smallest rounding error.
 */
export type Smoothness = 'linear' | 'piecewise linear' | 'smooth'

export interface GradientCase {
  /** What is differentiated, for the test's title. */
  readonly title: string
  readonly smoothness: Smoothness
  readonly shapes: readonly (readonly number[])[]
  readonly f: (...x: Tensor[]) => Tensor
  /** The range of the inputs of a smooth f. Default (−1, 1). */
  readonly range?: readonly [number, number]
  /** Devices on which TensorFlow.js can't compute it, so an UnsupportedError is expected. */
  readonly refusedOn?: readonly Device[]
}

/** The least distance between two coordinates of a piecewise linear case. */
const gap = 0.0625

const steps: Readonly<Record<Smoothness, number>> = {
  linear: 0.5,
  // Less than half the gap: the order of the coordinates stays.
  'piecewise linear': 0.02,
  // Four-point differences: an error of h⁴ ≈ 1e-6, and a float32 rounding of about 6e-8 / h ≈ 2e-6.
  smooth: 0.03,
}

/** The case's inputs, the same each time. */
export function inputsOf(gradientCase: GradientCase): Float32Array[] {
  const random = seededRandom(20_261_121)
  const sizes = gradientCase.shapes.map(sizeOf)
  if (gradientCase.smoothness !== 'piecewise linear') {
    return sizes.map((size) => uniform(random, size, gradientCase.range ?? [-1, 1]))
  }
  const all = separated(
    random,
    sizes.reduce((sum, size) => sum + size, 0),
    gap,
  )
  let end = 0
  return sizes.map((size) => all.slice(end, (end += size)))
}

/**
 * ∂(Σ f ⊙ weights) / ∂x of each input by central differences in double precision, f itself in single.
 *
 * @param forward f's output at these inputs, flat
 */
export function centralDifferences(
  forward: (x: readonly Float32Array[]) => ArrayLike<number>,
  x: readonly Float32Array[],
  weights: ArrayLike<number>,
  smoothness: Smoothness,
): Float64Array[] {
  const step = steps[smoothness]
  const moved = x.map((values) => values.slice())
  const differenceAt = (values: Float32Array, index: number, h: number): number => {
    const centre = values[index]!
    values[index] = centre + h
    const right = values[index]
    const above = Float64Array.from(forward(moved))
    values[index] = centre - h
    const left = values[index]
    const below = forward(moved)
    values[index] = centre
    let sum = 0
    for (let at = 0; at < above.length; at++) {
      sum += (above[at]! - below[at]!) * weights[at]!
    }
    return sum / (right - left)
  }
  return moved.map((values) =>
    Float64Array.from(values, (_, index) => {
      const near = differenceAt(values, index, step)
      return smoothness === 'smooth' ? (4 * near - differenceAt(values, index, 2 * step)) / 3 : near
    }),
  )
}

/** Largest deviation, relative to the reference's largest magnitude (or to 1, where the reference vanishes). */
export function relativeError(got: ArrayLike<number>, reference: ArrayLike<number>): number {
  if (got.length !== reference.length) return Infinity
  let deviation = 0
  let magnitude = 0
  for (let index = 0; index < reference.length; index++) {
    const difference = Math.abs(got[index]! - reference[index]!)
    if (Number.isNaN(difference)) return NaN
    deviation = Math.max(deviation, difference)
    magnitude = Math.max(magnitude, Math.abs(reference[index]!))
  }
  return deviation / (magnitude === 0 ? 1 : magnitude)
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1)
}

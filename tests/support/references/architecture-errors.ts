import type { GradientBlock, NdArray } from 'gradlens'
import { rows } from '../../../src/ndarray.js'
import { type Architecture, type GradientSums } from '../models/architectures.js'
import { signedSums } from '../models/generated.js'
import { floatsOf } from '../stores/fixture-bytes.js'
import { materializedGradients } from './materialized-gradients.js'

/** The largest difference of a gradient, and the norm that it is relative to. */
export interface GradientError {
  readonly what: string
  /** Relative to the largest norm of a parameter's gradient of the example. */
  readonly ofLargest: number
  /** Relative to the gradient's own norm; 0 if that is only rounding error. */
  readonly ofOwn: number
}

/** A gradient smaller than this part of the largest one is a sum that cancels, so its float32 value is noise. */
const cancelled = 1e-6

/** Compares the loss gradients of a block with the expected ones; all parameters must be the same. */
export function lossGradientErrors(
  architecture: Architecture,
  block: GradientBlock,
): GradientError[] {
  const { lossGradients, wholeGradients, weights } = architecture
  const seeds = new Map(weights.map(({ name, seed }) => [name, seed ?? name]))
  const largest = architecture.labels.map((_, row) =>
    Math.max(...Object.values(lossGradients).map(({ norms }) => norms[row]!)),
  )
  const found = new Map<string, GradientBlock['segments'][number][]>()
  for (const segment of block.segments) {
    const seed = seeds.get(segment.parameter) ?? segment.parameter
    found.set(seed, [...(found.get(seed) ?? []), segment])
  }
  const unknown = [...found.keys()].filter((seed) => !(seed in lossGradients))
  if (unknown.length > 0) throw new Error(`Not in the fixture: ${unknown.join(', ')}.`)
  return Object.entries(lossGradients).flatMap(([seed, expected]) =>
    largest.map((scale, row): GradientError => {
      const segments = found.get(seed) ?? []
      const gradient = sumOf([...materializedGradients({ ...block, segments }, row).values()])
      const whole = wholeGradients[seed]
      const differences = [
        ...differencesOfSums(seed, gradient, expected, row),
        ...(whole === undefined ? [] : differencesOfWhole(gradient, floatsOf(whole), row)),
      ]
      const difference = Math.max(...differences)
      const own = expected.norms[row]!
      return {
        what: `${seed} of example ${row}`,
        ofLargest: difference / scale,
        ofOwn: own > cancelled * scale ? difference / own : 0,
      }
    }),
  )
}

/** Per example, the largest difference of the gradient of the only input, relative to its norm. */
export function inputGradientErrors(
  { inputGradients }: Architecture,
  [array]: readonly NdArray[],
): number[] {
  return Object.entries(inputGradients).flatMap(([name, expected]) =>
    expected.norms.map((norm, row) => {
      const { data } = rows(array!, row, row + 1)
      return Math.max(...differencesOfSums(name, data, expected, row)) / norm
    }),
  )
}

function differencesOfSums(
  name: string,
  gradient: ArrayLike<number>,
  { sums }: GradientSums,
  row: number,
): number[] {
  const found = signedSums(name, gradient)
  const expected = floatsOf(sums)
  return [...found].map((sum, k) => Math.abs(sum - expected[row * found.length + k]!))
}

function differencesOfWhole(gradient: Float64Array, whole: Float32Array, row: number): number[] {
  return [...gradient].map((value, k) => Math.abs(value - whole[row * gradient.length + k]!))
}

/** A parameter that is used through several copies has the sum of their gradients. */
function sumOf([first = new Float64Array(), ...others]: readonly Float64Array[]): Float64Array {
  return others.reduce((sum, other) => sum.map((value, k) => value + other[k]!), first)
}

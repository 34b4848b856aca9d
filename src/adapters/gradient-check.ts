import type { GpuGradientBlock, GradientBlock, GradientSegment } from '../gradients/block.js'
import { chooseProbeShape, createProbe, multiplyByProbe } from './probes.js'
import { countPerExample, readExamples } from './read-example.js'

/**
 * The largest relative error of a batched pass against passes of single examples. Mixed-up examples or
 * positions give errors of order 1. Float32 sums in another order stay below 1e-4 in every model of the
 * tests.
 */
export const gradientTolerance = 1e-2

type Block = GradientBlock | GpuGradientBlock

/**
 * Finds the examples with the largest gradients, which float32 rounds least: by a segment with few numbers,
 * of which one example has some that are finite and not zero.
 *
 * @param count how many to find; fewer are returned if others have no gradient, or none that is finite
 */
export async function findLargestExamples(block: Block, count: number): Promise<number[]> {
  const segments: GradientSegment<unknown, unknown>[] = [...block.segments]
  segments.sort((one, other) => countNumbers(one) - countNumbers(other))
  for (const segment of segments) {
    const [read] = await readExamples(block, [segment], 0, block.exampleCount)
    const sizes = measureExamples(read!, block.exampleCount)
    const found = [...sizes.keys()].filter((row) => sizes[row]! > 0 && sizes[row]! < Infinity)
    if (found.length === 0) continue
    return found.sort((one, other) => sizes[other]! - sizes[one]!).slice(0, count)
  }
  return []
}

function countNumbers(segment: GradientSegment<unknown, unknown>): number {
  const { a, delta } = countPerExample(segment)
  return a + delta
}

/** Returns a size of each example's gradient that doesn't underflow: Σ|a| Σ|δ|. */
function measureExamples(segment: GradientSegment, exampleCount: number): number[] {
  const counts = countPerExample(segment)
  const sumOf = (values: Float32Array, row: number, perExample: number): number =>
    values
      .subarray(row * perExample, (row + 1) * perExample)
      .reduce((sum, value) => sum + Math.abs(value), 0)
  return Array.from({ length: exampleCount }, (_, row) => {
    switch (segment.kind) {
      case 'dense':
        return sumOf(segment.values, row, counts.delta)
      case 'lookup':
        return sumOf(segment.delta, row, counts.delta)
      case 'factored':
      case 'convolution':
        return sumOf(segment.a, row, counts.a) * sumOf(segment.delta, row, counts.delta)
    }
  })
}

/**
 * Random probes of each parameter. The chance that wrong gradients look right to one is about the
 * tolerance, and to all of them its fourth power.
 */
const probeCount = 4

/** Parameters with a smaller share of the gradient's norm may have a larger relative error. */
const smallShare = 0.05

/**
 * Measures the relative error ‖G_batched − G_alone‖ / ‖G_alone‖ of one example, with random probes in place of the
 * gradients themselves. NaN if a gradient is not finite.
 *
 * @param row the example in its batch
 * @param alone the block of that example alone, in any layouts
 * @returns the largest error of a parameter or of all parameters together
 */
export async function measureGradientError(
  batched: Block,
  row: number,
  alone: Block,
): Promise<number> {
  const own = groupByParameter(await readExamples(batched, batched.segments, row, row + 1))
  const expected = groupByParameter(await readExamples(alone, alone.segments, 0, 1))
  const names = [...new Set([...own.keys(), ...expected.keys()])]
  const sizes = names.map((name, k) =>
    // A parameter without segments has no influence on the loss.
    measureDifference(own.get(name) ?? [], expected.get(name) ?? [], k),
  )
  const total = Math.hypot(...sizes.map(({ gradient }) => gradient))
  const all = Math.hypot(...sizes.map(({ difference }) => difference)) / total
  const errors = sizes.map(
    ({ difference, gradient }) => difference / (gradient + smallShare * total),
  )
  return total === 0 && sizes.every(({ difference }) => difference === 0)
    ? 0
    : Math.max(all, ...errors)
}

/** The norms of one parameter's gradient and of the difference of two, up to the same factor. */
function measureDifference(
  own: readonly GradientSegment[],
  expected: readonly GradientSegment[],
  parameter: number,
): { readonly difference: number; readonly gradient: number } {
  const shape = chooseProbeShape([...own, ...expected])
  const products = Array.from({ length: probeCount }, (_, k) => {
    const probe = createProbe(shape, parameter * probeCount + k)
    const multiply = (segments: readonly GradientSegment[]): number =>
      segments.reduce((sum, segment) => sum + multiplyByProbe(segment, probe), 0)
    const gradient = multiply(expected)
    return { difference: multiply(own) - gradient, gradient }
  })
  return {
    difference: Math.hypot(...products.map(({ difference }) => difference)),
    gradient: Math.hypot(...products.map(({ gradient }) => gradient)),
  }
}

function groupByParameter(segments: readonly GradientSegment[]): Map<string, GradientSegment[]> {
  const groups = new Map<string, GradientSegment[]>()
  for (const segment of segments) {
    groups.set(segment.parameter, [...(groups.get(segment.parameter) ?? []), segment])
  }
  return groups
}

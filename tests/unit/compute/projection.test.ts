import fc from 'fast-check'
import type { GradientBlock, GradientSegment } from 'gradlens'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { compactBlock } from '../../../src/gradients/compact-block.js'
import type { CompactBlock } from '../../../src/gradients/block.js'
import { chooseLayout, countNumbers } from '../../../src/gradients/compact-layout.js'
import { Projection } from '../../../src/gradients/projection/projection.js'
import {
  type ParameterProjection,
  type ParameterShape,
  planProjection,
} from '../../../src/gradients/projection/projection-plan.js'
import { drawRandomMatrix } from '../../../src/gradients/projection/random-matrix.js'
import { materializedGradients } from '../../support/references/materialized-gradients.js'
import { innerProduct, projectedGradient } from '../../support/stores/projected-gradients.js'
import {
  asOneParameter,
  parameterSize,
  randomBlock,
  type SegmentShape,
  segmentShapes,
} from '../../support/gradients/random-blocks.js'

const exampleCount = 3

/** Sums of some hundred products of float32 numbers up to 1 and of normal ones; the results are rounded to float32. */
const tolerance = 1e-4

const noPause = (): Promise<void> => Promise.resolve()

/** The shape of each parameter: with an axis of rows if its size is even, so dense gradients have one too. */
const parametersOf = (shapes: readonly SegmentShape[]): ParameterShape[] =>
  shapes.map((shape, k) => {
    const size = parameterSize(shape)
    return { name: `θ${k}`, shape: size % 2 === 0 ? [2, size / 2] : [size] }
  })

const numbersPerRow = ({ segments }: { segments: readonly GradientSegment[] }): number =>
  segments.reduce((sum, segment) => sum + countNumbers(chooseLayout(segment)), 0)

async function project(block: GradientBlock, projection: Projection): Promise<CompactBlock> {
  return projection.project(compactBlock(block), noPause)
}

describe('a projection', () => {
  it('is P_aᵀ G P_δ of every layout, has at most size numbers, and leaves small parameters exact', async () => {
    await fc.assert(
      fc.asyncProperty(
        segmentShapes,
        fc.integer({ min: 4, max: 200 }),
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        async (shapes, size, seed) => {
          const block = randomBlock(shapes, exampleCount, seed)
          const projection = new Projection({ size, seed }, parametersOf(shapes))
          const projected = await project(block, projection)
          expect(numbersPerRow(projected)).toBeLessThanOrEqual(size)
          for (let row = 0; row < exampleCount; row++) {
            const exact = materializedGradients(block, row)
            const found = materializedGradients(projected, row)
            for (const [name, gradient] of exact) {
              const expected = projectedGradient(name, gradient, projection.plan!)
              expect(difference(found.get(name)!, expected)).toBeLessThan(tolerance)
            }
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  it('sums the uses of one parameter in every layout', async () => {
    const shapes: SegmentShape[] = [
      { kind: 'factored', positions: 1, inputSize: 12, outputSize: 10 },
      { kind: 'lookup', positions: 2, rowSize: 10, parameterRows: 12 },
      { kind: 'dense', size: 120 },
      // Other factors of as many numbers: those are not what is projected.
      { kind: 'factored', positions: 1, inputSize: 20, outputSize: 6 },
    ]
    const block = asOneParameter(randomBlock(shapes, exampleCount, 1))
    const projection = new Projection({ size: 60, seed: 3 }, [{ name: 'shared', shape: [12, 10] }])
    const projected = await project(block, projection)
    const [plan] = projection.plan!.parameters
    expect(plan).toMatchObject({ inputSize: 12, outputSize: 10 })
    expect(numbersPerRow(projected)).toBeLessThanOrEqual(60)
    for (let row = 0; row < exampleCount; row++) {
      const found = materializedGradients(projected, row).get('shared')!
      const exact = materializedGradients(block, row).get('shared')!
      expect(difference(found, projectedGradient('shared', exact, projection.plan!))).toBeLessThan(
        tolerance,
      )
    }
  })

  it('preserves inner products in the mean over seeds', async () => {
    const shapes: SegmentShape[] = [
      { kind: 'dense', size: 48 },
      { kind: 'factored', positions: 1, inputSize: 40, outputSize: 30 },
      { kind: 'factored', positions: 9, inputSize: 8, outputSize: 9 },
      { kind: 'lookup', positions: 3, rowSize: 9, parameterRows: 30 },
    ]
    const block = randomBlock(shapes, 2, 5)
    const products: number[] = []
    const squares: number[] = []
    for (let seed = 0; seed < 400; seed++) {
      const projection = new Projection({ size: 60, seed }, parametersOf(shapes))
      const projected = await project(block, projection)
      expect(projection.plan!.parameters).toHaveLength(shapes.length)
      const [first, second] = [
        materializedGradients(projected, 0),
        materializedGradients(projected, 1),
      ]
      products.push(innerProduct(first, second))
      squares.push(innerProduct(first, first))
    }
    const [first, second] = [materializedGradients(block, 0), materializedGradients(block, 1)]
    expectMean(products, innerProduct(first, second))
    expectMean(squares, innerProduct(first, first))
  })

  it("doesn't depend on the other rows", async () => {
    const shapes: SegmentShape[] = [{ kind: 'factored', positions: 2, inputSize: 9, outputSize: 9 }]
    const block = randomBlock(shapes, 4, 1)
    const settings = { size: 10, seed: 1 }
    const whole = await project(block, new Projection(settings, parametersOf(shapes)))
    const alone = new Projection(settings, parametersOf(shapes))
    await project(randomBlock(shapes, 1, 2), alone)
    const again = await project(block, Projection.fromPlan(alone.plan!))
    expect(again).toEqual(whole)
  })

  it("keeps a gradient that isn't finite not finite", async () => {
    const shapes: SegmentShape[] = [{ kind: 'dense', size: 64 }]
    const block = randomBlock(shapes, 2, 1)
    const [segment] = block.segments
    if (segment?.kind === 'dense') segment.values[70] = Infinity
    const projected = await project(
      block,
      new Projection({ size: 8, seed: 1 }, parametersOf(shapes)),
    )
    const [first, second] = [0, 1].map((row) => materializedGradients(projected, row).get('θ0')!)
    expect(first!.every(Number.isFinite)).toBe(true)
    expect(second!.every(Number.isFinite)).toBe(false)
  })

  it('ends when its pause throws', async () => {
    const shapes: SegmentShape[] = [
      { kind: 'factored', positions: 64, inputSize: 300, outputSize: 300 },
    ]
    const projection = new Projection({ size: 1000, seed: 1 }, parametersOf(shapes))
    // A clock by which each example takes a second, however fast this machine is.
    let now = 0
    vi.spyOn(performance, 'now').mockImplementation(() => (now += 1_000))
    onTestFinished(() => {
      vi.restoreAllMocks()
    })
    const stopped = new Error('stopped')
    const work = projection.project(compactBlock(randomBlock(shapes, 40, 1)), () =>
      Promise.reject(stopped),
    )
    await expect(work).rejects.toBe(stopped)
  })
})

describe('the plan of a projection', () => {
  const shapes: SegmentShape[] = [
    { kind: 'dense', size: 10 },
    { kind: 'factored', positions: 1, inputSize: 1568, outputSize: 256 },
    { kind: 'dense', size: 8192 },
  ]
  const parameters: ParameterShape[] = [
    { name: 'θ0', shape: [10] },
    { name: 'θ1', shape: [1568, 256] },
    { name: 'θ2', shape: [2, 2, 64, 32] },
  ]
  const block = compactBlock(randomBlock(shapes, 1, 1))
  const plan = (size: number): readonly ParameterProjection[] =>
    planProjection({ size, seed: 0 }, block.segments, parameters).parameters

  it('leaves parameters within their share exact, and gives the rest to the others', () => {
    expect(plan(4096)).toEqual([
      {
        ...{ parameter: 'θ2', index: 2, inputSize: 256, outputSize: 32 },
        // (4096 − 10 − 1824) / 32
        ...{ projectedInputSize: 70, projectedOutputSize: 32 },
      },
    ])
    expect(plan(10 + 1824 + 8192)).toEqual([])
  })

  it('divides a small size equally, also between both sides of a parameter if neither fits', () => {
    const sides = plan(210).map(({ projectedInputSize, projectedOutputSize }) => [
      projectedInputSize,
      projectedOutputSize,
    ])
    expect(sides).toEqual([
      [50, 50],
      [10, 10],
    ])
  })

  it('does not depend on the numbers of the gradients', () => {
    const other = compactBlock(randomBlock(shapes, 3, 9))
    expect(planProjection({ size: 999, seed: 0 }, other.segments, parameters).parameters).toEqual(
      plan(999),
    )
  })

  it('refuses fewer numbers than there are uses of parameters', () => {
    expect(plan(3)).toHaveLength(3)
    expect(() => plan(2)).toThrow('projection.size: got 2; expected 3 or more')
  })
})

it('draws the matrices of a program in Python', () => {
  // docs/reference/gradient-store.md has the program.
  expect([...drawRandomMatrix(3, 2, { seed: 7, index: 5, side: 'output' })]).toEqual([
    0.5276017785072327, 1.1452449560165405, 0.13437551259994507, -0.44501200318336487,
    -0.5674931406974792, -0.20894844830036163,
  ])
  const last = drawRandomMatrix(3, 3, { seed: 2 ** 32 - 1, index: 0, side: 'input' })
  expect([...last.subarray(0, 2)]).toEqual([-0.0938073992729187, -0.7409688234329224])
})

/** The greatest difference of two gradients, relative to their greatest number. */
function difference(found: Float64Array, expected: Float64Array): number {
  expect(found).toHaveLength(expected.length)
  const greatest = Math.max(1e-30, ...expected.map(Math.abs))
  return Math.max(0, ...expected.map((value, k) => Math.abs(value - found[k]!))) / greatest
}

/** Within five standard errors of it. */
function expectMean(values: readonly number[], expected: number): void {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
  expect(variance).toBeGreaterThan(0)
  expect(Math.abs(mean - expected)).toBeLessThan(5 * Math.sqrt(variance / values.length))
}

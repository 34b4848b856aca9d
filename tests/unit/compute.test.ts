import fc from 'fast-check'
import type { ConvolutionGeometry, GradientBlock, GradientSegment } from 'gradlens'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Compute } from '../../src/compute/compute.js'
import { openCompute } from '../../src/compute/compute.js'
import { byteLengthOf } from '../../src/gradients/block.js'
import { formedGradients } from '../support/formed-gradients.js'
import { seededRandom, uniform } from '../support/random.js'

/**
 * Relative to the norms of the two. On cpu sums are float64, but a compacted gradient is rounded to float32; the
 * SIMD contraction also sums in float32, over 36 positions here at the most.
 */
const tolerances = { cpu: 1e-6, wasm: 1e-5 } as const

const size = fc.integer({ min: 1, max: 7 })

const denseShape = fc.record({ kind: fc.constant('dense' as const), size })
const factoredShape = fc.record({
  kind: fc.constant('factored' as const),
  positions: fc.integer({ min: 1, max: 4 }),
  inputSize: size,
  outputSize: size,
})
const rowsShape = fc.record({
  kind: fc.constant('rows' as const),
  positions: fc.integer({ min: 1, max: 4 }),
  rowSize: size,
  parameterRows: size,
})
const convolutionShape = fc
  .record({
    inHeight: fc.integer({ min: 1, max: 6 }),
    inWidth: fc.integer({ min: 1, max: 6 }),
    inChannels: fc.integer({ min: 1, max: 3 }),
    outChannels: fc.integer({ min: 1, max: 6 }),
    filterHeight: fc.integer({ min: 1, max: 3 }),
    filterWidth: fc.integer({ min: 1, max: 3 }),
    strideHeight: fc.integer({ min: 1, max: 3 }),
    strideWidth: fc.integer({ min: 1, max: 3 }),
    dilationHeight: fc.integer({ min: 1, max: 2 }),
    dilationWidth: fc.integer({ min: 1, max: 2 }),
    padTop: fc.integer({ min: 0, max: 2 }),
    padLeft: fc.integer({ min: 0, max: 2 }),
    padBottom: fc.integer({ min: 0, max: 2 }),
    padRight: fc.integer({ min: 0, max: 2 }),
  })
  .map(({ padBottom, padRight, ...shape }) => ({
    ...shape,
    outHeight: outLength(
      shape.inHeight + shape.padTop + padBottom,
      shape.filterHeight,
      shape.strideHeight,
      shape.dilationHeight,
    ),
    outWidth: outLength(
      shape.inWidth + shape.padLeft + padRight,
      shape.filterWidth,
      shape.strideWidth,
      shape.dilationWidth,
    ),
  }))
  .filter(({ outHeight, outWidth }) => outHeight > 0 && outWidth > 0)
  .map((geometry: ConvolutionGeometry) => ({ kind: 'convolution' as const, geometry }))

function outLength(padded: number, filter: number, stride: number, dilation: number): number {
  return Math.floor((padded - dilation * (filter - 1) - 1) / stride) + 1
}

type Shape =
  | { kind: 'dense'; size: number }
  | { kind: 'factored'; positions: number; inputSize: number; outputSize: number }
  | { kind: 'rows'; positions: number; rowSize: number; parameterRows: number }
  | { kind: 'convolution'; geometry: ConvolutionGeometry }

const shapes = fc.array(fc.oneof(denseShape, factoredShape, rowsShape, convolutionShape), {
  minLength: 1,
  maxLength: 4,
})

function randomBlock(of: readonly Shape[], rowCount: number, seed: number): GradientBlock {
  const random = seededRandom(seed)
  const numbers = (count: number): Float32Array => uniform(random, rowCount * count, [-1, 1])
  const segments = of.map((shape, k): GradientSegment => {
    const parameter = `θ${String(k)}`
    switch (shape.kind) {
      case 'dense':
        return { ...shape, parameter, values: numbers(shape.size) }
      case 'factored': {
        const { positions, inputSize, outputSize } = shape
        return {
          ...shape,
          parameter,
          a: numbers(positions * inputSize),
          delta: numbers(positions * outputSize),
        }
      }
      case 'rows': {
        const { positions, rowSize, parameterRows } = shape
        const indices = Int32Array.from({ length: rowCount * positions }, () =>
          Math.floor(random() * parameterRows),
        )
        return { ...shape, parameter, indices, delta: numbers(positions * rowSize) }
      }
      case 'convolution': {
        const g = shape.geometry
        return {
          ...shape,
          parameter,
          a: numbers(g.inHeight * g.inWidth * g.inChannels),
          delta: numbers(g.outHeight * g.outWidth * g.outChannels),
        }
      }
    }
  })
  return { rowCount, segments }
}

/** ⟨g_i, g'_j⟩ of gradients formed by their definition. */
function productOf(a: GradientBlock, i: number, b: GradientBlock, j: number): number {
  const right = formedGradients(b, j)
  let sum = 0
  for (const [parameter, values] of formedGradients(a, i)) {
    const other = right.get(parameter)
    if (other !== undefined)
      for (const [k, value] of values.entries()) sum += value * (other[k] ?? NaN)
  }
  return sum
}

describe.each(['cpu', 'wasm'] as const)('the compute beside %s', (device) => {
  const tolerance = tolerances[device]
  let compute: Compute
  beforeAll(async () => {
    const opened = await openCompute(device)
    expect(opened.fallbackReason).toBeNull()
    compute = opened.compute
  })

  it('gives the inner products and norms of formed gradients, whatever forms the two sides have', async () => {
    await fc.assert(
      fc.asyncProperty(
        shapes,
        size,
        size,
        fc.boolean(),
        fc.boolean(),
        async (of, aRows, bRows, compactA, compactB) => {
          const a = randomBlock(of, aRows, 1)
          const b = randomBlock(of, bRows, 2)
          const products = await compute.dot(
            compactA ? await compute.compact(a) : a,
            compactB ? await compute.compact(b) : b,
          )
          const norms = await compute.squaredNorms(a)
          for (let i = 0; i < aRows; i++) {
            const norm = productOf(a, i, a, i)
            expect(Math.abs((norms[i] ?? NaN) - norm)).toBeLessThanOrEqual(tolerance * norm)
            for (let j = 0; j < bRows; j++) {
              const scale = Math.sqrt(norm * productOf(b, j, b, j))
              const difference = (products[i * bRows + j] ?? NaN) - productOf(a, i, b, j)
              expect(Math.abs(difference)).toBeLessThanOrEqual(tolerance * scale)
            }
          }
        },
      ),
      { numRuns: 60, seed: 1 },
    )
  })

  it('keeps each parameter in the smaller of its exact forms', async () => {
    await fc.assert(
      fc.asyncProperty(shapes, async (of) => {
        const block = await compute.compact(randomBlock(of, 2, 3))
        for (const segment of block.segments) {
          if (segment.kind === 'dense') continue
          if (segment.kind === 'convolution') throw new Error('an implicit form is left')
          if (segment.kind === 'rows') {
            const { positions, rowSize, parameterRows } = segment
            expect(positions * (rowSize + 1)).toBeLessThan(parameterRows * rowSize)
            continue
          }
          const { positions, inputSize, outputSize } = segment
          expect(positions * (inputSize + outputSize)).toBeLessThan(inputSize * outputSize)
        }
      }),
      { numRuns: 60, seed: 2 },
    )
    const denseLayer: Shape = { kind: 'factored', positions: 1, inputSize: 1568, outputSize: 256 }
    const block = await compute.compact(randomBlock([denseLayer], 3, 4))
    expect(byteLengthOf(block)).toBe(3 * 4 * (1568 + 256))
  })

  it('adds the segments of a parameter that is used in several ways, products between them included', async () => {
    const forms: Shape[] = [
      { kind: 'dense', size: 600 },
      { kind: 'factored', positions: 2, inputSize: 60, outputSize: 10 },
      { kind: 'rows', positions: 3, rowSize: 10, parameterRows: 60 },
    ]
    const block = (seed: number): GradientBlock => {
      const { rowCount, segments } = randomBlock(forms, 2, seed)
      return {
        rowCount,
        segments: segments.map((segment) => ({ ...segment, parameter: 'shared' })),
      }
    }
    const [a, b] = [block(8), block(9)]
    const products = await compute.dot(a, await compute.compact(b))
    const norms = await compute.squaredNorms(a)
    for (let i = 0; i < 2; i++) {
      const norm = productOf(a, i, a, i)
      expect(Math.abs(norms[i]! / norm - 1)).toBeLessThan(tolerance)
      for (let j = 0; j < 2; j++) {
        const scale = Math.sqrt(norm * productOf(b, j, b, j))
        const difference = products[2 * i + j]! - productOf(a, i, b, j)
        expect(Math.abs(difference)).toBeLessThan(tolerance * scale)
      }
    }
  })

  it('multiplies a block with itself, wide layers of several positions included', async () => {
    const wide: Shape = { kind: 'factored', positions: 3, inputSize: 9, outputSize: 8 }
    const block = randomBlock([wide], 3, 10)
    const products = await compute.dot(block, block)
    const norms = await compute.squaredNorms(block)
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 3; j++) {
        const scale = Math.sqrt(norms[i]! * norms[j]!)
        const difference = products[3 * i + j]! - productOf(block, i, block, j)
        expect(Math.abs(difference)).toBeLessThanOrEqual(tolerance * scale)
      }
      expect(Math.abs(norms[i]! / productOf(block, i, block, i) - 1)).toBeLessThan(tolerance)
    }
  })

  it('lets a parameter that one side leaves out add nothing', async () => {
    const a = randomBlock(
      [
        { kind: 'dense', size: 3 },
        { kind: 'dense', size: 2 },
      ],
      1,
      5,
    )
    const b = { rowCount: 1, segments: randomBlock([{ kind: 'dense', size: 3 }], 1, 6).segments }
    const [product] = await compute.dot(a, b)
    expect(product).toBeCloseTo(productOf(a, 0, b, 0), 12)
  })

  it('shows a gradient that is not finite in its norm', async () => {
    const block = randomBlock([{ kind: 'dense', size: 3 }], 2, 7)
    const [segment] = block.segments
    if (segment?.kind === 'dense') segment.values[4] = NaN
    const norms = await compute.squaredNorms(block)
    expect(Number.isFinite(norms[0])).toBe(true)
    expect(norms[1]).toBeNaN()
  })
})

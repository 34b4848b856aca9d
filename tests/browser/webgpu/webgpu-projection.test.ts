import fc from 'fast-check'
import type { GradientBlock, GradientSegment } from 'gradlens'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { DeviceGradients, GradientBackend } from '../../../src/compute/gradient-backend.js'
import { openWebgpuBackend } from '../../../src/compute/webgpu/open.js'
import type { CompactBlock } from '../../../src/gradients/block.js'
import { compactBlock } from '../../../src/gradients/compact-block.js'
import { chooseLayout, countNumbers } from '../../../src/gradients/compact-layout.js'
import { Projection } from '../../../src/gradients/projection/projection.js'
import type { ParameterShape } from '../../../src/gradients/projection/projection-plan.js'
import {
  limited,
  ownGpuDevice,
  sharedGpuDevice,
  watched,
} from '../../support/devices/gpu-device.js'
import {
  asOneParameter,
  parameterSize,
  randomBlock,
  type SegmentShape,
  segmentShapes,
} from '../../support/gradients/random-blocks.js'
import { materializedGradients } from '../../support/references/materialized-gradients.js'
import { projectedGradient } from '../../support/stores/projected-gradients.js'

/**
 * Sums of some hundred products of float32 numbers and normal ones, relative to the largest number of the example, exact
 * or projected: its numbers are scaled together, and sums may cancel.
 */
const tolerance = 1e-4

const noPause = (): Promise<void> => Promise.resolve()

/** An axis of 2 where the size is even, so that gradients without factors have two sides too. */
const parametersOf = (shapes: readonly SegmentShape[]): ParameterShape[] =>
  shapes.map((shape, k) => {
    const size = parameterSize(shape)
    return { name: `θ${k}`, shape: size % 2 === 0 ? [2, size / 2] : [size] }
  })

/** Segments of every layout, all of which are projected to 300 numbers: on one side, or on both. */
const everyLayout: SegmentShape[] = [
  { kind: 'dense', size: 2000 },
  { kind: 'dense', size: 7 },
  { kind: 'factored', positions: 1, inputSize: 90, outputSize: 50 },
  { kind: 'factored', positions: 12, inputSize: 20, outputSize: 30 },
  { kind: 'lookup', positions: 2, rowSize: 60, parameterRows: 70 },
  { kind: 'lookup', positions: 30, rowSize: 20, parameterRows: 25 },
  {
    kind: 'convolution',
    geometry: {
      ...{ inHeight: 6, inWidth: 5, inChannels: 8, outHeight: 3, outWidth: 4, outChannels: 9 },
      ...{ filterHeight: 3, filterWidth: 2, strideHeight: 2, strideWidth: 1 },
      ...{ dilationHeight: 1, dilationWidth: 1, padTop: 1, padLeft: 0 },
    },
  },
  {
    kind: 'convolution',
    geometry: {
      ...{ inHeight: 2, inWidth: 2, inChannels: 30, outHeight: 1, outWidth: 1, outChannels: 40 },
      ...{ filterHeight: 2, filterWidth: 2, strideHeight: 1, strideWidth: 1 },
      ...{ dilationHeight: 1, dilationWidth: 1, padTop: 0, padLeft: 0 },
    },
  },
]

/** Projects a block on the device, and disposes of its exact gradients. */
async function projectOnDevice(
  backend: GradientBackend,
  block: GradientBlock,
  projection: Projection,
): Promise<DeviceGradients | undefined> {
  using exact = await backend.upload(structuredClone(block))
  return await backend.project!(exact, projection)
}

/** Compares gradients read from the device with P_aᵀ G P_δ in float64, and their layouts with those of the host. */
async function expectProjected(
  projected: DeviceGradients | undefined,
  block: GradientBlock,
  projection: Projection,
): Promise<void> {
  const read = await projected!.read()
  const norms = await projected!.squaredNorms()
  const onHost = await projection.project(compactBlock(block), noPause)
  expect(layoutsOf(read)).toEqual(layoutsOf(onHost))
  for (let row = 0; row < block.exampleCount; row++) {
    const found = materializedGradients(read, row)
    const exact = [...materializedGradients(block, row)]
    const expected = exact.map(
      ([name, gradient]) => [name, projectedGradient(name, gradient, projection.plan!)] as const,
    )
    const largest = Math.max(
      ...[...exact, ...expected].flatMap(([, values]) => [...values].map(Math.abs)),
    )
    for (const [name, values] of expected) {
      const own = found.get(name)!
      expect(own).toHaveLength(values.length)
      const difference = Math.max(...values.map((value, k) => Math.abs(value - own[k]!)))
      // All of it is 0 if every patch is in the padding.
      expect(difference, `${name} of example ${row}`).toBeLessThanOrEqual(tolerance * largest)
    }
    const norm = expected.reduce((sum, [, own]) => own.reduce((all, x) => all + x * x, sum), 0)
    expect(Math.abs(norms[row]! - norm)).toBeLessThanOrEqual(
      tolerance * Math.max(norm, largest ** 2),
    )
  }
}

const layoutsOf = ({ segments }: CompactBlock): unknown[] =>
  segments.map((segment) => [segment.parameter, chooseLayout(segment), segment.kind])

const numbersPerExample = ({ segments }: { segments: readonly GradientSegment[] }): number =>
  segments.reduce((sum, segment) => sum + countNumbers(chooseLayout(segment)), 0)

describe('gradients projected on webgpu', () => {
  it('are P_aᵀ G P_δ in every layout, with small and with large numbers', async () => {
    using backend = await openWebgpuBackend(await sharedGpuDevice())
    await fc.assert(
      fc.asyncProperty(
        segmentShapes,
        fc.integer({ min: 4, max: 200 }),
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        fc.constantFrom(1, 1e-8, 1e8),
        async (shapes, size, seed, magnitude) => {
          const block = randomBlock(shapes, 3, seed, magnitude)
          const projection = new Projection({ size, seed }, parametersOf(shapes))
          using projected = await projectOnDevice(backend, block, projection)
          await expectProjected(projected, block, projection)
        },
      ),
      { numRuns: 30 },
    )
  })

  it.each([40, 300, 1500])('are P_aᵀ G P_δ of larger matrices, to %i numbers', async (size) => {
    using backend = await openWebgpuBackend(await sharedGpuDevice())
    const block = randomBlock(everyLayout, 5, 1)
    const projection = new Projection({ size, seed: 2 }, parametersOf(everyLayout))
    using projected = await projectOnDevice(backend, block, projection)
    await expectProjected(projected, block, projection)
  })

  it('are the only data read back, after as many dispatches for 16 examples as for 2', async () => {
    const device = await sharedGpuDevice()
    const use = watched(device)
    using backend = await openWebgpuBackend(device)
    const projection = new Projection({ size: 300, seed: 2 }, parametersOf(everyLayout))
    const counts: number[] = []
    for (const exampleCount of [2, 16]) {
      const block = randomBlock(everyLayout, exampleCount, 1)
      using exact = await backend.upload(structuredClone(block))
      const [dispatches, bytes] = [use.dispatches, use.mappedBytes]
      using projected = await backend.project!(exact, projection)
      counts.push(use.dispatches - dispatches)
      expect(use.mappedBytes).toBe(bytes)
      const onHost = await projection.project(compactBlock(block), noPause)
      await projected!.read()
      // And the squared norm of each example, in 8 bytes.
      const expected = exampleCount * (4 * numbersPerExample(onHost) + 8)
      expect(use.mappedBytes - bytes).toBe(expected)
      expect(projected!.byteLength).toBe(expected)
      expect(expected).toBeLessThanOrEqual(exampleCount * (4 * 300 + 8))
    }
    // 9 for products and rows of matrices, 30 as for an upload of the projected block, and 1 for exponents.
    expect(counts).toEqual([40, 40])
  })

  it('are the same where matrices and gradients are longer than a binding', async () => {
    const device = await sharedGpuDevice()
    using backend = await openWebgpuBackend(device)
    const shapes: SegmentShape[] = [
      { kind: 'dense', size: 600 },
      { kind: 'factored', positions: 2, inputSize: 150, outputSize: 100 },
      { kind: 'lookup', positions: 3, rowSize: 60, parameterRows: 200 },
      // With this many positions, its indices don't fit into its share, so their side is also projected.
      { kind: 'lookup', positions: 42, rowSize: 20, parameterRows: 800 },
    ]
    const block = randomBlock(shapes, 9, 3)
    const projection = new Projection({ size: 240, seed: 4 }, parametersOf(shapes))
    const use = watched(device)
    limited(device, { maxStorageBufferBindingSize: 4000, maxBufferSize: 100_000 })
    {
      using projected = await projectOnDevice(backend, block, projection)
      const matrices = projection.drawMatrices(compactBlock(block).segments)
      expect(matrices.get('θ3')!.input!.length * 4).toBeGreaterThan(2 * 4000)
      const numbers = [...matrices.values()].flatMap(({ input, output }) => [input, output])
      const bytes = numbers.map((matrix) => 4 * (matrix?.length ?? 0))
      expect(Math.max(...bytes)).toBeGreaterThan(2 * 4000)
      await expectProjected(projected, block, projection)
    }
    // The matrices, in parts.
    expect(use.buffers.size).toBeGreaterThan(2 * shapes.length)
    expect(Math.max(...[...use.buffers].map(({ size }) => size))).toBeLessThanOrEqual(4000)
  })

  it('are not finite where the exact ones are not', async () => {
    using backend = await openWebgpuBackend(await sharedGpuDevice())
    const shapes: SegmentShape[] = [
      { kind: 'dense', size: 64 },
      { kind: 'factored', positions: 1, inputSize: 40, outputSize: 30 },
    ]
    const block = randomBlock(shapes, 3, 1)
    const [dense, factored] = block.segments
    if (dense?.kind === 'dense') dense.values[70] = Infinity
    if (factored?.kind === 'factored') factored.delta[65] = NaN
    const projection = new Projection({ size: 16, seed: 1 }, parametersOf(shapes))
    using projected = await projectOnDevice(backend, block, projection)
    const read = await projected!.read()
    const rows = [0, 1, 2].map((row) => [...materializedGradients(read, row).values()])
    expect(rows.map((own) => own.map((values) => values.every(Number.isFinite)))).toEqual([
      [true, true],
      [false, false],
      [false, false],
    ])
    const norms = await projected!.squaredNorms()
    expect([...norms].map(Number.isFinite)).toEqual([true, false, false])
  })

  it('are computed on the host if a gradient must be materialized first', async () => {
    using backend = await openWebgpuBackend(await sharedGpuDevice())
    const shapes: SegmentShape[] = [
      { kind: 'factored', positions: 1, inputSize: 12, outputSize: 10 },
      { kind: 'factored', positions: 1, inputSize: 20, outputSize: 6 },
    ]
    const block = asOneParameter(randomBlock(shapes, 3, 1))
    const projection = new Projection({ size: 30, seed: 3 }, [{ name: 'shared', shape: [12, 10] }])
    expect(await projectOnDevice(backend, block, projection)).toBeUndefined()
  })

  it('are computed on the host if the matrices take more than 256 MiB', async () => {
    const device = await sharedGpuDevice()
    const use = watched(device)
    using backend = await openWebgpuBackend(device)
    const shapes: SegmentShape[] = [{ kind: 'dense', size: 4 }]
    const projection = new Projection({ size: 2, seed: 3 }, parametersOf(shapes))
    const block = compactBlock(randomBlock(shapes, 1, 1))
    const [[parameter, sides]] = [...projection.drawMatrices(block.segments)] as unknown as [
      [string, object],
    ]
    // One number more than fits.
    const length = 2 ** 26 + 1
    const drawn = new Map([[parameter, { ...sides, output: { length } }]])
    projection.drawMatrices = () => drawn as unknown as ReturnType<Projection['drawMatrices']>
    using exact = await backend.upload(structuredClone(block))
    const before = use.buffers.size
    expect(await backend.project!(exact, projection)).toBeUndefined()
    expect(use.buffers.size).toBe(before)
  })

  it('fail at each use without memory for the matrices, which are uploaded again for the next', async () => {
    const device = await ownGpuDevice()
    const use = watched(device)
    using backend = await openWebgpuBackend(device)
    const block = randomBlock(everyLayout, 3, 1)
    const projection = new Projection({ size: 300, seed: 1 }, parametersOf(everyLayout))
    using exact = await backend.upload(structuredClone(block))
    const before = use.buffers.size
    // The device says so of the next submission: that of the matrices.
    const popErrorScope = device.popErrorScope.bind(device)
    device.popErrorScope = async (): Promise<GPUError | null> => {
      device.popErrorScope = popErrorScope
      await popErrorScope()
      return new GPUOutOfMemoryError('not enough')
    }
    {
      using failed = await backend.project!(exact, projection)
      await expect(failed!.read()).rejects.toMatchObject({ name: 'MemoryError' })
      await expect(failed!.squaredNorms()).rejects.toMatchObject({ name: 'MemoryError' })
    }
    expect(use.buffers.size).toBe(before)
    await expect(backend.settle()).rejects.toMatchObject({ name: 'MemoryError' })
    using projected = await backend.project!(exact, projection)
    await expectProjected(projected, block, projection)
  })

  it('leave no buffer behind, and the matrices of one projection at most', async () => {
    const device = await sharedGpuDevice()
    const use = watched(device)
    const backend = await openWebgpuBackend(device)
    onTestFinished(() => {
      backend[Symbol.dispose]()
    })
    const block = randomBlock(everyLayout, 3, 1)
    const sizes: number[] = []
    for (const seed of [1, 1, 2]) {
      const projection = new Projection({ size: 300, seed }, parametersOf(everyLayout))
      const projected = await projectOnDevice(backend, block, projection)
      projected![Symbol.dispose]()
      projected![Symbol.dispose]()
      const matrices = [...projection.drawMatrices([]).values()].flatMap(({ input, output }) =>
        [input, output].filter((matrix) => matrix !== undefined),
      )
      expect(use.buffers.size).toBe(matrices.length)
      sizes.push(use.buffers.size)
    }
    expect(sizes[0]).toBeGreaterThan(everyLayout.length / 2)
    backend[Symbol.dispose]()
    expect(use.buffers.size).toBe(0)
  })
})

import * as tf from '@tensorflow/tfjs'
import { type GpuGradientBlock, GradientSimilarity, type NdArray } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { useDevice } from '../../support/devices/devices.js'
import { materializedGradients } from '../../support/references/materialized-gradients.js'
import { disposedAfterTest } from '../../support/models/models.js'
import { hostGradients, lossGradients } from '../../support/gradients/host-block.js'
import { seededRandom, uniform } from '../../support/random.js'

/** Float32 sums in the order of another device, relative to the largest entry of a gradient. */
const tolerance = 1e-5

const lossFn = 'sparseCategoricalCrossentropyFromLogits'

/** Ids, looked up, convolved and classified: segments of every kind. */
function everyKindOfSegment(): tf.LayersModel {
  return disposedAfterTest(
    tf.sequential({
      layers: [
        tf.layers.embedding({ inputDim: 40, outputDim: 6, inputLength: 8 }),
        tf.layers.reshape({ targetShape: [4, 2, 6] }),
        tf.layers.conv2d({ filters: 5, kernelSize: 2, padding: 'same', activation: 'tanh' }),
        tf.layers.flatten(),
        tf.layers.dense({ units: 3 }),
      ],
    }),
  )
}

function examples(exampleCount: number, seed = 1): { x: NdArray[]; y: NdArray } {
  const ids = uniform(seededRandom(seed), exampleCount * 8, [0, 40])
  return {
    x: [{ data: Int32Array.from(ids), shape: [exampleCount, 8] }],
    y: {
      data: Int32Array.from({ length: exampleCount }, (_, row) => row % 3),
      shape: [exampleCount],
    },
  }
}

async function onGpu(
  session: Awaited<ReturnType<ReturnType<typeof tfjsPredictor>['open']>>,
  { x, y }: ReturnType<typeof examples>,
): Promise<GpuGradientBlock> {
  const block = await lossGradients(session, x, y, lossFn)
  if (!('gpuDevice' in block)) throw new Error('The block is not on the GPU.')
  return block
}

/** How often work reads back from the GPU and how many dispatches it records. */
async function countGpuCalls(
  work: () => Promise<unknown>,
): Promise<{ reads: number; dispatches: number }> {
  const reads = vi.spyOn(GPUBuffer.prototype, 'mapAsync')
  const dispatches = vi.spyOn(GPUComputePassEncoder.prototype, 'dispatchWorkgroups')
  try {
    await work()
    return { reads: reads.mock.calls.length, dispatches: dispatches.mock.calls.length }
  } finally {
    reads.mockRestore()
    dispatches.mockRestore()
  }
}

describe('loss gradients on webgpu', () => {
  beforeAll(() => useDevice('cpu'))

  it("lie in buffers of TensorFlow.js's own device, with the values of wasm", async () => {
    const model = everyKindOfSegment()
    const { x, y } = examples(5)
    using session = await tfjsPredictor(model).open('webgpu', { allowSoftware: true })
    const { device } = tf.engine().findBackend('webgpu') as unknown as { device: GPUDevice }
    expect(session.gpuDevice).toBe(device)
    using block = await onGpu(session, { x, y })
    expect(block.gpuDevice).toBe(device)
    expect(new Set(block.segments.map(({ kind }) => kind))).toEqual(
      new Set(['dense', 'factored', 'convolution', 'lookup']),
    )
    const gradients = await hostGradients(session, x, y, lossFn)
    using onWasm = await tfjsPredictor(model).open('wasm', { allowSoftware: true })
    expect(onWasm.gpuDevice).toBeUndefined()
    const expected = await hostGradients(onWasm, x, y, lossFn)
    for (let row = 0; row < 5; row++) {
      const byName = materializedGradients(gradients, row)
      for (const [name, gradient] of materializedGradients(expected, row)) {
        const largest = Math.max(...gradient.map(Math.abs))
        expect(largest).toBeGreaterThan(0)
        for (const [k, value] of gradient.entries()) {
          const difference = Math.abs(byName.get(name)![k]! - value)
          expect(difference, `${name} ${k}`).toBeLessThanOrEqual(tolerance * largest)
        }
      }
    }
  })

  it('are not read back after the first batch', async () => {
    using session = await tfjsPredictor(everyKindOfSegment()).open('webgpu', {
      allowSoftware: true,
    })
    ;(await onGpu(session, examples(4)))[Symbol.dispose]()
    const { reads } = await countGpuCalls(async () => {
      ;(await onGpu(session, examples(4, 2)))[Symbol.dispose]()
    })
    expect(reads).toBe(0)
  })

  it('keep their values while other batches are computed, until the block is disposed', async () => {
    using session = await tfjsPredictor(everyKindOfSegment()).open('webgpu', {
      allowSoftware: true,
    })
    const [first, second] = [examples(4), examples(4, 2)]
    const expected = await hostGradients(session, first.x, first.y, lossFn)
    const block = await onGpu(session, first)
    for (let k = 0; k < 3; k++) (await onGpu(session, second))[Symbol.dispose]()
    const uploaded = { ...session, lossGradients: () => Promise.resolve(block) }
    expect(await hostGradients(uploaded, first.x, first.y, lossFn)).toEqual(expected)
    // hostGradients has disposed it; once more does nothing.
    block[Symbol.dispose]()
  })

  it('take no more dispatches for 16 examples than for 4', async () => {
    using session = await tfjsPredictor(everyKindOfSegment()).open('webgpu', {
      allowSoftware: true,
    })
    const dispatchesOf = async (exampleCount: number): Promise<number> => {
      ;(await onGpu(session, examples(exampleCount)))[Symbol.dispose]()
      const { dispatches } = await countGpuCalls(async () => {
        ;(await onGpu(session, examples(exampleCount)))[Symbol.dispose]()
      })
      return dispatches
    }
    const few = await dispatchesOf(4)
    expect(few).toBeGreaterThan(0)
    // One fewer, in fact: TensorFlow.js splits small matrix products in two.
    expect(await dispatchesOf(16)).toBeLessThanOrEqual(few)
  })

  it('rank as on wasm, with no activation or gradient read back', async () => {
    const model = everyKindOfSegment()
    const { x, y } = examples(12)
    const [train, labels] = [x[0]!, y]
    const options = { batchSize: 4, precomputeGrads: true }
    using gpu = new GradientSimilarity(tfjsPredictor(model), lossFn, {
      ...options,
      device: 'webgpu',
    })
    using wasm = new GradientSimilarity(tfjsPredictor(model), lossFn, {
      ...options,
      device: 'wasm',
    })
    await gpu.fit(train, labels)
    await wasm.fit(train, labels)
    const ranked = await gpu.explain(train, labels)
    const expected = await wasm.explain(train, labels)
    for (const [k, score] of expected.data.scores.data.entries()) {
      const largest = Math.abs(expected.data.scores.data[12 * Math.floor(k / 12)]!)
      const difference = Math.abs(ranked.data.scores.data[k]! - score)
      expect(difference, `score ${k}`).toBeLessThanOrEqual(tolerance * largest)
    }
  })
})

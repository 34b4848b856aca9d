import type { GpuGradientBlock, GradientBlock, GradientSegment } from 'gradlens'
import { expect, it } from 'vitest'
import type { GradientBackend, DeviceGradients } from '../../../src/compute/gradient-backend.js'
import { openWebgpuBackend } from '../../../src/compute/webgpu/open.js'
import { sharedGpuDevice, watched } from '../../support/devices/gpu-device.js'
import { randomBlock, type SegmentShape } from '../../support/gradients/random-blocks.js'

const shapes: SegmentShape[] = [
  { kind: 'dense', size: 40 },
  { kind: 'factored', positions: 1, inputSize: 30, outputSize: 20 },
  { kind: 'factored', positions: 12, inputSize: 5, outputSize: 7 },
  { kind: 'lookup', positions: 3, rowSize: 4, parameterRows: 50 },
  {
    kind: 'convolution',
    geometry: {
      inHeight: 6,
      inWidth: 5,
      inChannels: 2,
      filterHeight: 2,
      filterWidth: 2,
      outHeight: 6,
      outWidth: 5,
      outChannels: 3,
      strideHeight: 1,
      strideWidth: 1,
      dilationHeight: 1,
      dilationWidth: 1,
      padTop: 0,
      padLeft: 0,
    },
  },
]

it('needs as many dispatches for a large batch as for a small one', async () => {
  const device = await sharedGpuDevice()
  const use = watched(device)
  using backend = await openWebgpuBackend(device)
  const counts: number[][] = []
  for (const exampleCount of [2, 16, 150]) {
    const before = use.dispatches
    using uploaded = await backend.upload(randomBlock(shapes, exampleCount, 1))
    const afterUpload = use.dispatches
    using ranker = backend.openRanking({
      testCount: exampleCount,
      trainCount: exampleCount,
      similarity: { name: 'grad_cos', eps: 0 },
      most: 1,
      least: 1,
    })
    await ranker.add(uploaded, 0, uploaded, 0)
    counts.push([afterUpload - before, use.dispatches - afterUpload])
    await backend.settle()
  }
  // Per segment its maxima (per array), its contraction, its scaling, its norm; and two for the rows.
  expect(counts).toEqual(counts.map(() => [23, 9]))
})

it('reads back the ranking and nothing else', async () => {
  const device = await sharedGpuDevice()
  const use = watched(device)
  using backend = await openWebgpuBackend(device)
  using uploaded = await backend.upload(randomBlock(shapes, 20, 2))
  const options = {
    testCount: 20,
    trainCount: 20,
    similarity: { name: 'grad_dot', eps: 0 },
  } as const
  using full = backend.openRanking({ ...options, most: 20, least: 3 })
  await full.add(uploaded, 0, uploaded, 0)
  using ends = backend.openRanking({ ...options, most: 2, least: 3 })
  await ends.add(uploaded, 0, uploaded, 0)
  await backend.settle()
  expect(use.mappings).toBe(0)
  await full.finish()
  // A score and an index for each pair.
  expect([use.mappings, use.mappedBytes]).toEqual([1, 20 * 20 * 8])
  await ends.finish()
  // The three first and the three last, and whether any score is not finite.
  expect([use.mappings, use.mappedBytes]).toEqual([3, 20 * 20 * 8 + 20 * 6 * 8 + 4])
  await uploaded.squaredNorms()
  expect([use.mappings, use.mappedBytes]).toEqual([4, 20 * 20 * 8 + 20 * 6 * 8 + 4 + 20 * 8])
})

it('leaves no buffer behind after everything, or the backend itself, is disposed', async () => {
  const device = await sharedGpuDevice()
  const use = watched(device)
  const backend = await openWebgpuBackend(device)
  const uploaded = await backend.upload(randomBlock(shapes, 3, 3))
  const options = { testCount: 3, trainCount: 3, similarity: { name: 'grad_dot', eps: 0 } } as const
  const ranker = backend.openRanking({ ...options, most: 1, least: 1 })
  await ranker.add(uploaded, 0, uploaded, 0)
  await ranker.finish()
  ranker[Symbol.dispose]()
  uploaded[Symbol.dispose]()
  expect(use.buffers.size).toBe(0)
  const other = await backend.upload(randomBlock(shapes, 3, 3))
  const another = backend.openRanking({ ...options, most: 3, least: 1 })
  expect(use.buffers.size).toBeGreaterThan(0)
  backend[Symbol.dispose]()
  expect(use.buffers.size).toBe(0)
  await expect(backend.upload(randomBlock(shapes, 1, 3))).rejects.toThrow('disposed')
  await expect(other.squaredNorms()).rejects.toThrow('disposed')
  await expect(another.finish()).rejects.toThrow('disposed')
})

it('accepts blocks in GPU buffers like those of JavaScript, and disposes them after reading', async () => {
  using backend = await openWebgpuBackend(await sharedGpuDevice())
  const block = randomBlock(shapes, 7, 4)
  using fromGpu = await uploadedFromGpu(backend, block)
  using fromHost = await backend.upload(structuredClone(block))
  expect(await fromGpu.squaredNorms()).toEqual(await fromHost.squaredNorms())
  const options = { testCount: 7, trainCount: 7, similarity: { name: 'grad_cos', eps: 0 } } as const
  using ranker = backend.openRanking({ ...options, most: 7, least: 0 })
  await ranker.add(fromHost, 0, fromGpu, 0)
  const { indices, scores } = await ranker.finish()
  // Each is the most similar to itself.
  expect(Array.from({ length: 7 }, (_, row) => indices[7 * row])).toEqual([0, 1, 2, 3, 4, 5, 6])
  for (let row = 0; row < 7; row++) expect(scores[7 * row]).toBeCloseTo(1, 5)
})

/** Puts a block into buffers longer than its numbers, which are destroyed as soon as the block is disposed. */
async function uploadedFromGpu(
  backend: GradientBackend,
  block: GradientBlock,
): Promise<DeviceGradients> {
  const gpuDevice = await sharedGpuDevice()
  const buffers: GPUBuffer[] = []
  const lent = (numbers: Float32Array | Int32Array): GPUBuffer => {
    const buffer = gpuDevice.createBuffer({
      size: numbers.byteLength + 64,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    })
    gpuDevice.queue.writeBuffer(buffer, 0, numbers as BufferSource)
    buffers.push(buffer)
    return buffer
  }
  const segments = block.segments.map((segment): GradientSegment<GPUBuffer, GPUBuffer> => {
    switch (segment.kind) {
      case 'dense':
        return { ...segment, values: lent(segment.values) }
      case 'factored':
      case 'convolution':
        return { ...segment, a: lent(segment.a), delta: lent(segment.delta) }
      case 'lookup':
        return { ...segment, indices: lent(segment.indices), delta: lent(segment.delta) }
    }
  })
  let isDisposed = false
  const onGpu: GpuGradientBlock = {
    gpuDevice,
    exampleCount: block.exampleCount,
    segments,
    [Symbol.dispose]: () => {
      isDisposed = true
      for (const buffer of buffers) buffer.destroy()
    },
  }
  const uploaded = await backend.upload(onGpu)
  expect(isDisposed).toBe(true)
  return uploaded
}

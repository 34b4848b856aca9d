import { expect, it } from 'vitest'
import type { GpuGradientBlock } from 'gradlens'
import { openWebgpuBackend } from '../../../src/compute/webgpu/open.js'
import { ownGpuDevice, sharedGpuDevice } from '../../support/devices/gpu-device.js'
import { randomBlock } from '../../support/gradients/random-blocks.js'

const shapes = [{ kind: 'dense', size: 10 }] as const
const options = {
  testCount: 2,
  trainCount: 2,
  similarity: { name: 'grad_dot', eps: 0 },
  most: 2,
  least: 0,
} as const
const lost = {
  name: 'DeviceError',
  message: expect.stringContaining("device 'wasm'") as string,
}

it('rejects pending and later calls with the reason when the device is lost', async () => {
  const device = await ownGpuDevice()
  using backend = await openWebgpuBackend(device)
  using uploaded = await backend.upload(randomBlock(shapes, 2, 1))
  using ranker = backend.openRanking(options)
  await ranker.add(uploaded, 0, uploaded, 0)
  const [norms, ranking] = [uploaded.squaredNorms(), ranker.finish()]
  device.destroy()
  await expect(norms).rejects.toMatchObject(lost)
  await expect(ranking).rejects.toMatchObject(lost)
  await expect(uploaded.squaredNorms()).rejects.toMatchObject(lost)
  await expect(backend.settle()).rejects.toMatchObject(lost)
})

it('throws a refused command at each use of the result and once at settle, and runs the next one', async () => {
  const device = await sharedGpuDevice()
  using backend = await openWebgpuBackend(device)
  const destroyed = device.createBuffer({ size: 80, usage: GPUBufferUsage.STORAGE })
  destroyed.destroy()
  const block: GpuGradientBlock = {
    gpuDevice: device,
    exampleCount: 2,
    segments: [{ kind: 'dense', parameter: 'θ', size: 10, values: destroyed }],
    [Symbol.dispose]: () => undefined,
  }
  const refused = {
    name: 'DeviceError',
    message: expect.stringContaining('refused a command') as string,
  }
  using uploaded = await backend.upload(block)
  using good = await backend.upload(randomBlock(shapes, 2, 2))
  await expect(backend.settle()).rejects.toMatchObject(refused)
  await backend.settle()
  await expect(uploaded.squaredNorms()).rejects.toMatchObject(refused)
  using ranker = backend.openRanking(options)
  await ranker.add(good, 0, uploaded, 0)
  await expect(ranker.finish()).rejects.toMatchObject(refused)
  expect((await good.squaredNorms()).every(Number.isFinite)).toBe(true)
  await expect(backend.settle()).resolves.toBeUndefined()
})

it("reports the number of bytes that didn't fit into memory", async () => {
  const device = await ownGpuDevice()
  using backend = await openWebgpuBackend(device)
  // A machine whose GPU has too little memory is not at hand: the device says so of the next submission.
  const popErrorScope = device.popErrorScope.bind(device)
  device.popErrorScope = async (): Promise<GPUError | null> => {
    device.popErrorScope = popErrorScope
    await popErrorScope()
    return new GPUOutOfMemoryError('not enough')
  }
  using uploaded = await backend.upload(randomBlock(shapes, 2, 3))
  await expect(uploaded.squaredNorms()).rejects.toMatchObject({
    name: 'MemoryError',
    device: 'webgpu',
    byteLength: expect.any(Number) as number,
  })
  await expect(backend.settle()).rejects.toMatchObject({ name: 'MemoryError' })
})

it('refuses buffers of another device', async () => {
  using backend = await openWebgpuBackend(await sharedGpuDevice())
  let isDisposed = false
  const block: GpuGradientBlock = {
    gpuDevice: await ownGpuDevice(),
    exampleCount: 1,
    segments: [],
    [Symbol.dispose]: () => {
      isDisposed = true
    },
  }
  await expect(backend.upload(block)).rejects.toMatchObject({ name: 'InvalidArgumentError' })
  expect(isDisposed).toBe(true)
})

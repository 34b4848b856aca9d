import * as tf from '@tensorflow/tfjs'
import { isGradlensError } from 'gradlens'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import {
  buffersOf,
  isWasm,
  isWebgpu,
  type WasmBackend,
  type WebgpuBackend,
} from '../../../src/tfjs/engine/backends.js'
import { openDevice } from '../../../src/tfjs/engine/devices.js'
import { runWithMemory } from '../../../src/tfjs/engine/memory.js'
import { devices, useDevice } from '../../support/devices/devices.js'
import { leaveFree } from '../../support/devices/full-memory.js'
import { expectNoLeaks } from '../../support/leaks.js'

const roomInBytes = 2 ** 20

/** More numbers than an array can have. */
const tooLongForAnArray = [2 ** 20, 2 ** 14]

/** Tests the internals of TensorFlow.js's backends that src/tfjs/engine/backends.ts uses, and tensors that are too large. */

beforeAll(() => useDevice('cpu'))

it.each(devices)('has the methods that the tests watch on %s', async (device) => {
  const { backend } = await openDevice(device, true)
  expect(backend).toHaveProperty('write')
  expect(isWasm(backend)).toBe(device === 'wasm')
  expect(isWebgpu(backend)).toBe(device === 'webgpu')
  if (device === 'wasm') {
    const { wasm } = backend as WasmBackend
    for (const name of ['_malloc', '_free']) expect(wasm, name).toHaveProperty(name)
  }
  if (device === 'webgpu') {
    const webgpu = backend as WebgpuBackend
    for (const name of ['uploadToGPU', 'endComputePassEncoder', 'submitQueue']) {
      expect(webgpu, name).toHaveProperty(name)
    }
    expect(webgpu.device).toBeInstanceOf(GPUDevice)
    expect(webgpu.bufferManager.acquireBuffer).toBeTypeOf('function')
    expect(webgpu.bufferManager.freeBuffers).toBeInstanceOf(Map)
    expect(webgpu.bufferManager.numBytesAllocated).toBeTypeOf('number')
    expect(webgpu.bufferManager.numFreeBuffers).toBeTypeOf('number')
  }
})

describe.each(devices)('on %s', (device) => {
  it("refuses a tensor that doesn't fit into memory, and frees everything of the call", async () => {
    const owner = await openDevice(device, true)
    const restore = device === 'cpu' ? undefined : leaveFree(device, roomInBytes)
    onTestFinished(() => restore?.())
    const kept = runWithMemory(owner, 0, () => tf.tensor1d([1, 2, 3]))
    const before = owner.backend.numDataIds()
    await expectNoLeaks(() => {
      let error: unknown
      try {
        runWithMemory(owner, 0, () =>
          device === 'cpu' ? tf.fill(tooLongForAnArray, 1) : tf.tile(tf.ones([2 ** 14]), [2 ** 10]),
        )
      } catch (reason) {
        error = reason
      }
      if (!isGradlensError(error, 'MemoryError')) throw error
      expect(error.device).toBe(device)
      // The cpu's arrays don't show it.
      expect(error.byteLength).toBe(device === 'cpu' ? undefined : 4 * 2 ** 24)
    })
    expect(owner.backend.numDataIds()).toBe(before)
    restore?.()
    const sum = runWithMemory(owner, 0, () => kept.add(1))
    expect([...(await sum.data())]).toEqual([2, 3, 4])
    tf.dispose([kept, sum])
  })

  it("doesn't change other errors", async () => {
    const owner = await openDevice(device, true)
    const fault = new RangeError('Maximum call stack size exceeded')
    expect(() =>
      runWithMemory(owner, 0, () => {
        throw fault
      }),
    ).toThrow(fault)
  })
})

if (devices.includes('webgpu')) {
  it('finds the buffers of tensors on the GPU and of those not yet uploaded', async () => {
    const owner = await openDevice('webgpu', true)
    const tensors = runWithMemory(owner, 0, () => [
      tf.ones([64, 64]).mul(3),
      tf.tensor1d([1, 2], 'int32'),
    ])
    const backend = owner.backend as WebgpuBackend
    const buffers = runWithMemory(owner, 0, () => buffersOf(backend, tensors))
    expect(buffers.map(({ size }) => size)).toEqual([4 * 64 * 64, 8])
    expect(backend.commandEncoder).toBeNull()
    tf.dispose(tensors)
  })
}

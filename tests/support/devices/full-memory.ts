import * as tf from '@tensorflow/tfjs'
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu'
import { vi } from 'vitest'
import type { TestDevice } from './devices.js'

interface WasmModule {
  readonly asm: Readonly<Record<string, unknown>>
  _malloc(byteLength: number): number
  _free(offset: number): void
}

/** The memory that is left for the kernels on wasm. */
const kernelWorkspace = 16 * 2 ** 20

/**
 * Leaves so many bytes of a device's memory free for TensorFlow.js's tensors, until what comes back is called: on wasm
 * by a heap that is full and cannot grow, on webgpu by a largest buffer of that size.
 */
export function leaveFree(device: Exclude<TestDevice, 'cpu'>, byteLength: number): () => void {
  return device === 'wasm' ? fillHeap(byteLength + kernelWorkspace) : limitBuffers(byteLength)
}

function fillHeap(byteLength: number): () => void {
  const { wasm } = tf.engine().registry['wasm'] as unknown as { wasm: WasmModule }
  const memory = Object.values(wasm.asm).find((part) => part instanceof WebAssembly.Memory)
  const free = wasm._malloc(byteLength)
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its memory below
  const { grow } = WebAssembly.Memory.prototype
  const refuse = vi.spyOn(WebAssembly.Memory.prototype, 'grow').mockImplementation(function (
    this: WebAssembly.Memory,
    pages,
  ) {
    if (this === memory) throw new RangeError('WebAssembly.Memory.grow(): out of memory')
    return grow.call(this, pages)
  })
  const filler: number[] = []
  // Small blocks stay free, so small tensors still fit.
  for (let size = 2 ** 30; size >= 2 ** 12; size /= 2) {
    for (let offset = wasm._malloc(size); offset !== 0; offset = wasm._malloc(size))
      filler.push(offset)
  }
  wasm._free(free)
  return () => {
    refuse.mockRestore()
    for (const offset of filler.splice(0)) wasm._free(offset)
  }
}

function limitBuffers(byteLength: number): () => void {
  const { device } = tf.engine().registry['webgpu'] as WebGPUBackend
  const limits = { maxBufferSize: byteLength, maxStorageBufferBindingSize: byteLength }
  Object.defineProperty(device, 'limits', {
    configurable: true,
    value: new Proxy(device.limits, {
      get: (own, name) =>
        name in limits
          ? limits[name as keyof typeof limits]
          : (Reflect.get(own, name, own) as unknown),
    }),
  })
  return () => {
    Reflect.deleteProperty(device, 'limits')
  }
}

import * as tf from '@tensorflow/tfjs'
import type { KernelBackend, Tensor } from '@tensorflow/tfjs'
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm'
import { heapBinary } from './heap-binary.js'
import { sharedHeapBinary } from './shared-heap-binary.js'

/** The kernels of assembly/, on addresses and lengths. */
type HeapExports = Readonly<
  Record<
    | 'addColumns'
    | 'clipGradient'
    | 'contract'
    | 'countNonZeros'
    | 'depthwiseFilterGradients'
    | 'depthwiseInputGradient'
    | 'exchangeChannels'
    | 'maxPoolGradient'
    | 'multiplyMatrices'
    | 'normalizeChannels'
    | 'reluGradient'
    | 'scaleChannels'
    | 'sparseFilterGradients'
    | 'sparseInputGradient'
    | 'sumCentredProducts'
    | 'sumPositions'
    | 'zero',
    (...numbers: number[]) => number
  >
>

/** Kernels of our own that work in place on the tensors of the wasm backend. */
export interface Heap {
  readonly kernels: HeapExports
  /** The address of memory that a kernel may use while it runs. */
  readonly scratch: number
  /** Where the tensor's values begin, in bytes. It stays there until the tensor is disposed. */
  readonly addressOf: (tensor: Tensor) => number
  /** A new float32 tensor whose values are yet to be written. */
  readonly allocate: (shape: readonly number[]) => Tensor
}

/**
 * What Emscripten's module has in addition to its types: the memory is its own export, or shared
 * between its threads.
 */
interface EmscriptenModule {
  readonly asm?: { readonly memory?: WebAssembly.Memory }
  readonly wasmMemory?: WebAssembly.Memory
  _malloc(byteLength: number): number
}

const moduleOf = (backend: KernelBackend): EmscriptenModule =>
  (backend as BackendWasm).wasm as unknown as EmscriptenModule

/** Undefined for a backend whose kernels were refused: that stays so. */
const heaps = new WeakMap<KernelBackend, Heap | undefined>()

/**
 * Makes `heap` ready for a wasm backend. Where SIMD or memory sharing is refused, there is none.
 */
export async function openHeap(backend: KernelBackend): Promise<void> {
  if (heaps.has(backend)) return
  const memory = findMemory(backend)
  const kernels = memory && (await instantiate(memory).catch(() => undefined))
  heaps.set(backend, kernels && heapOf(backend as BackendWasm, kernels))
}

/** The memory of a wasm backend's module. */
export function findMemory(backend: KernelBackend): WebAssembly.Memory | undefined {
  const { asm, wasmMemory } = moduleOf(backend)
  return wasmMemory ?? asm?.memory
}

async function instantiate(memory: WebAssembly.Memory): Promise<HeapExports> {
  const binary = memory.buffer instanceof ArrayBuffer ? heapBinary : sharedHeapBinary
  const bytes = Uint8Array.from(atob(binary), (letter) => letter.charCodeAt(0))
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } })
  return instance.exports as unknown as HeapExports
}

/**
 * Within `runOn`: the heap of the device, if it is wasm and has one; what else there is must do.
 */
export function findHeap(): Heap | undefined {
  return tf.getBackend() === 'wasm' ? heaps.get(tf.backend()) : undefined
}

/** For products of matrices: two panels, [128, 8], and a tile, [4, 8], of float32. */
const scratchBytes = (2 * 128 * 8 + 4 * 8) * 4

function heapOf(backend: BackendWasm, kernels: HeapExports): Heap | undefined {
  const scratch = moduleOf(backend)._malloc(scratchBytes)
  if (scratch === 0) return undefined
  return {
    kernels,
    scratch,
    addressOf: ({ dataId }) => backend.dataIdMap.get(dataId).memoryOffset,
    allocate: (shape) =>
      tf.engine().makeTensorFromTensorInfo(backend.makeOutput([...shape], 'float32')),
  }
}

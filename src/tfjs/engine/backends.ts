/**
 * The internals of TensorFlow.js's backends that we use: the buffers of tensors, and allocations
 * that fail silently. tests/devices/models/tfjs-backends.test.ts pins them to 4.22.
 */
import * as tf from '@tensorflow/tfjs'
import type { KernelBackend, Tensor } from '@tensorflow/tfjs'

type DataId = Tensor['dataId']

export interface WebgpuBackend extends KernelBackend {
  readonly device: GPUDevice
  readonly tensorMap: {
    has(dataId: DataId): boolean
    get(dataId: DataId): { readonly resource?: unknown; readonly values?: unknown }
  }
  readonly bufferManager: {
    acquireBuffer: (size: number, usage: number, ...how: boolean[]) => GPUBuffer
    readonly freeBuffers: Map<string, GPUBuffer[]>
    numFreeBuffers: number
    numBytesAllocated: number
  }
  readonly commandEncoder: GPUCommandEncoder | null
  uploadToGPU(dataId: DataId): void
  endComputePassEncoder(): void
  submitQueue(): void
}

export interface WasmBackend extends KernelBackend {
  readonly wasm: { _malloc: (byteLength: number) => number; _free(offset: number): void }
}

export const isWebgpu = (backend: KernelBackend): backend is WebgpuBackend => 'tensorMap' in backend

export const isWasm = (backend: KernelBackend): backend is WasmBackend => 'wasm' in backend

/**
 * Returns the tensors' own buffers, without a copy. Commands submitted from now on see the tensors'
 * values, until the tensors are disposed. Call it within `runOn`.
 */
export function buffersOf(backend: WebgpuBackend, tensors: readonly Tensor[]): GPUBuffer[] {
  // Small tensors that no kernel on the GPU has used are still on the host.
  for (const { dataId } of tensors) backend.uploadToGPU(dataId)
  submit(backend)
  return tensors.map(({ dataId }) => {
    const { resource } = backend.tensorMap.get(dataId)
    if (resource instanceof GPUBuffer) return resource
    throw new TypeError('A tensor of TensorFlow.js has no GPUBuffer. In 4.22 it has one.')
  })
}

/** Submits the commands that TensorFlow.js has queued. Ours would otherwise run before them. */
function submit(backend: WebgpuBackend): void {
  if (backend.commandEncoder === null) return
  backend.endComputePassEncoder()
  backend.submitQueue()
}

/** Destroys the buffers that TensorFlow.js keeps for later tensors. Some of them may be invalid. */
export function destroyIdleBuffers(backend: WebgpuBackend): void {
  submit(backend)
  const { bufferManager } = backend
  for (const buffers of bufferManager.freeBuffers.values()) {
    for (const buffer of buffers.splice(0)) {
      bufferManager.numFreeBuffers--
      bufferManager.numBytesAllocated -= buffer.size
      buffer.destroy()
    }
  }
}

/**
 * XNNPACK, wasm's kernels, copy their weights into an order of their own (matrices, filters: at
 * most what the largest tensor has) and list where each output looks (49 pointers for each of 224²
 * pixels of a 7×7 filter: 10 MB). Where that finds no room, a kernel says so on the console alone
 * and leaves its output as the heap was.
 */
const kernelWorkspace = 16 * 2 ** 20

const addressCount = 2 ** 32

/**
 * Runs a synchronous function and watches its allocations of tensors. `check` is called before each
 * allocation on WebGPU, with its size. `refuse` is called after an allocation on wasm's heap
 * failed, which TensorFlow.js would use as address 0, or left no room for the kernels. Both throw
 * if memory runs out. The backend is restored afterwards, and what an interrupted kernel allocated
 * is freed.
 */
export function withAllocations<Result>(
  backend: KernelBackend,
  { largestWeight, check, refuse }: Allocations,
  run: () => Result,
): Result {
  const written: DataId[] = []
  const overrides = [
    override(backend, 'write', (write) => (...values) => {
      const dataId = write.apply(backend, values)
      written.push(dataId)
      return dataId
    }),
  ]
  if (isWebgpu(backend)) {
    const { bufferManager } = backend
    overrides.push(
      override(bufferManager, 'acquireBuffer', (acquire) => (size, usage, ...how) => {
        check(size, usage)
        return acquire.call(bufferManager, size, usage, ...how)
      }),
    )
  }
  if (isWasm(backend)) {
    const { wasm } = backend
    // Emscripten's function replaces itself on its first call.
    wasm._free(wasm._malloc(1))
    let largest = 0
    overrides.push(
      override(wasm, '_malloc', (malloc) => (byteLength) => {
        // A size beyond wasm's addresses would wrap around.
        const offset = byteLength < addressCount ? malloc(byteLength) : 0
        largest = Math.max(largest, byteLength)
        const workspace =
          offset === 0 ? 0 : malloc(Math.max(largest, largestWeight) + kernelWorkspace)
        if (workspace !== 0) wasm._free(workspace)
        else {
          if (offset !== 0) wasm._free(offset)
          refuse(byteLength)
        }
        return offset
      }),
    )
  }
  try {
    return run()
  } catch (error) {
    dropUntracked(backend, written)
    throw error
  } finally {
    for (const restore of overrides) restore()
  }
}

export interface Allocations {
  /** The largest tensor that exists already, in bytes. */
  readonly largestWeight: number
  readonly check: (byteLength: number, usage: number) => void
  readonly refuse: (byteLength: number) => never
}

/** Overrides a method. Returns a function that restores it. */
function override<Name extends string, Owner extends Record<Name, unknown>>(
  owner: Owner,
  name: Name,
  replacement: (original: Owner[Name]) => Owner[Name],
): () => void {
  const isOwn = Object.hasOwn(owner, name)
  const original = owner[name]
  owner[name] = replacement(original)
  return () => {
    if (isOwn) owner[name] = original
    else Reflect.deleteProperty(owner, name)
  }
}

/**
 * Frees a kernel's intermediate results. They belong to no tensor yet, so nothing else frees them.
 */
function dropUntracked(backend: KernelBackend, written: readonly DataId[]): void {
  if (isWebgpu(backend)) submit(backend)
  const { state } = tf.engine() as unknown as { state: { tensorInfo: WeakMap<DataId, object> } }
  for (const dataId of written) {
    if (!state.tensorInfo.has(dataId)) backend.disposeData(dataId, true)
  }
}

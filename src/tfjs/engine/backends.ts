/**
 * The internals of TensorFlow.js's backends that we use: the buffers of tensors, and allocations
 * that fail silently. tests/devices/models/tfjs-backends.test.ts pins them to 4.22.
 */
import * as tf from '@tensorflow/tfjs'
import type { KernelBackend, Tensor } from '@tensorflow/tfjs'
import { findMemory } from '../kernels/heap.js'
import { neededWorkspace } from './kernel-workspace.js'

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
  readonly dataIdMap: {
    has(dataId: DataId): boolean
    get(dataId: DataId): { refCount: number }
    delete(dataId: DataId): boolean
  }
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

const addressCount = 2 ** 32

/** True for the error of a wasm module that stopped within a kernel. The module can't be used again. */
export const isTrap = (error: unknown): error is WebAssembly.RuntimeError =>
  error instanceof WebAssembly.RuntimeError

/**
 * Keeps the tensors of a module that stopped. Their values can still be read from its memory; they are
 * forgotten without the module's own functions.
 */
function retireBackend(backend: WasmBackend): void {
  backend.disposeData = (dataId, force = false) => forget(backend, dataId, force)
  backend.dispose = () => undefined
}

const bytesPerPage = 2 ** 16

/** Tries to enlarge the memory of a stopped module; false if it was full. Its tensors can still be read. */
export function growStopped(backend: KernelBackend, byteLength: number): boolean {
  const memory = findMemory(backend)
  try {
    memory?.grow(Math.ceil(byteLength / bytesPerPage))
  } catch {
    return false
  }
  // Growing detaches the buffer from which TensorFlow.js reads.
  if (memory)
    Object.assign((backend as WasmBackend).wasm, { HEAPU8: new Uint8Array(memory.buffer) })
  return true
}

/** As `disposeData`, without the module. */
function forget({ dataIdMap }: WasmBackend, dataId: DataId, force: boolean): boolean {
  if (!dataIdMap.has(dataId)) return true
  const data = dataIdMap.get(dataId)
  data.refCount--
  if (!force && data.refCount > 0) return false
  return dataIdMap.delete(dataId)
}

/**
 * Runs a synchronous function and watches its allocations of tensors. `check` is called before each
 * allocation on WebGPU, with its size. `refuse` is called after an allocation on wasm's heap
 * failed, which TensorFlow.js would use as address 0, or left no room for the kernels. Both throw
 * if memory runs out. The backend is restored afterwards, and what an interrupted kernel allocated
 * is freed. A wasm backend whose module stopped is retired.
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
  let hasStopped = false
  if (isWasm(backend)) {
    const { wasm } = backend
    // TensorFlow.js disposes of tensors while an error passes through its scopes, which must not fail.
    overrides.push(
      override(backend, 'disposeData', (dispose) => (dataId, force) => {
        if (!hasStopped) {
          try {
            return dispose.call(backend, dataId, force)
          } catch (error) {
            if (!isTrap(error)) throw error
            hasStopped = true
          }
        }
        return forget(backend, dataId, force ?? false)
      }),
    )
    // Emscripten's function replaces itself on its first call.
    wasm._free(wasm._malloc(1))
    let largest = 0
    overrides.push(
      override(wasm, '_malloc', (malloc) => (byteLength) => {
        // A size beyond wasm's addresses would wrap around.
        const offset = byteLength < addressCount ? malloc(byteLength) : 0
        largest = Math.max(largest, byteLength)
        const workspace =
          offset === 0 ? 0 : malloc(Math.max(largest, largestWeight) + neededWorkspace())
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
    hasStopped ||= isTrap(error)
    dropUntracked(backend, written)
    throw error
  } finally {
    for (const restore of overrides) restore()
    if (hasStopped && isWasm(backend)) retireBackend(backend)
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

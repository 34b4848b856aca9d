import * as tf from '@tensorflow/tfjs'
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu'

type DataId = Parameters<tf.DataStorage<object>['get']>[0]

const stored = new Map<tf.DataStorage<unknown>, Set<DataId>>()

// A backend's storage is a WeakMap, which can't be listed, so additions and removals are recorded.
// eslint-disable-next-line @typescript-eslint/unbound-method -- both are called with their storage below
const { set, delete: remove } = tf.DataStorage.prototype
tf.DataStorage.prototype.set = function (dataId, value) {
  let dataIds = stored.get(this)
  if (dataIds === undefined) stored.set(this, (dataIds = new Set()))
  dataIds.add(dataId)
  set.call(this, dataId, value)
}
tf.DataStorage.prototype.delete = function (dataId) {
  stored.get(this)?.delete(dataId)
  return remove.call(this, dataId)
}

/**
 * The GPU buffers in use that belong to no tensor, once the queued work is done. Those of live tensors are left out:
 * a model's weights may go to the GPU at their first use, and tensors that leak are counted as tensors.
 */
export async function strayGpuBuffers(): Promise<{ count: number; byteLength: number }> {
  const backend = tf.engine().registry['webgpu'] as WebGPUBackend | undefined
  if (backend === undefined) return { count: 0, byteLength: 0 }
  submit(backend)
  await backend.device.queue.onSubmittedWorkDone()
  let count = backend.bufferManager.getNumUsedBuffers()
  let byteLength = backend.bufferManager.numBytesUsed
  for (const dataId of stored.get(backend.tensorMap) ?? []) {
    const { resource, external } = backend.tensorMap.get(dataId)
    if (resource instanceof GPUBuffer && external !== true) {
      count -= 1
      byteLength -= resource.size
    }
  }
  return { count, byteLength }
}

/** TensorFlow.js releases the buffers of disposed tensors when it submits the work that uses them. */
function submit(backend: WebGPUBackend): void {
  const queue = backend as unknown as {
    commandEncoder: GPUCommandEncoder | null | undefined
    endComputePassEncoder(): void
  }
  if (queue.commandEncoder === undefined || queue.commandEncoder === null) return
  queue.endComputePassEncoder()
  backend.submitQueue()
}

import type { KernelBackend } from '@tensorflow/tfjs'
import { DeviceError, MemoryError, isGradlensError } from '../../errors.js'
import type { TfjsDevice } from './tfjs-device.js'
import { reportStopped } from './backend-registry.js'
import { destroyIdleBuffers, growStopped, isTrap, isWebgpu, withAllocations } from './backends.js'
import { runOn } from './engine.js'
import { kernelWorkspace } from './kernel-workspace.js'

/** A device whose memory is allocated. */
interface Owner {
  readonly name: TfjsDevice
  readonly backend: KernelBackend
}

/**
 * Works like `runOn`, but throws if memory runs out, where TensorFlow.js would compute with invalid
 * memory. The function's allocations are then freed.
 *
 * @param largestWeight the bytes of the largest tensor that is on the device already
 * @throws MemoryError; DeviceError if a wasm module stopped although it has memory
 */
export function runWithMemory<Result>(
  { name, backend }: Owner,
  largestWeight: number,
  run: () => Result,
): Result {
  const check = (byteLength: number, usage: number): void => {
    if (byteLength > largestBuffer(backend, usage)) throw memoryError(name, byteLength)
  }
  const refuse = (byteLength: number): never => {
    throw memoryError(name, byteLength)
  }
  try {
    return withAllocations(backend, { largestWeight, check, refuse }, () => runOn(name, run))
  } catch (error) {
    if (isTrap(error)) throw describeTrap({ name, backend }, error)
    throw asMemoryError(name, error)
  }
}

/**
 * Has the backend replaced whose module stopped, and returns the error for the caller: a MemoryError if
 * the module's memory was full, so that a smaller batch may work.
 */
function describeTrap({ name, backend }: Owner, trap: WebAssembly.RuntimeError): Error {
  reportStopped(name, backend)
  const isFull = !growStopped(backend, kernelWorkspace)
  const what = `${name}: TensorFlow.js's WebAssembly module stopped (${trap.message.replace(/\.$/, '')})`
  const after = 'It is started again, and tensors keep their values.'
  return isFull
    ? new MemoryError(
        name,
        `${what}, because its memory is full. ${after} Use a smaller batchSize, or dispose of tensors and explainers that ` +
          'the page no longer needs.',
        { cause: trap },
      )
    : new DeviceError(
        name,
        `${what} while it ran this model, although it has memory left. ${after} Use another device for this model.`,
        { cause: trap },
      )
}

/** A larger buffer would be invalid or impossible to bind, and commands that use it are ignored. */
function largestBuffer(backend: KernelBackend, usage: number): number {
  if (!isWebgpu(backend)) return Infinity
  const { maxBufferSize, maxStorageBufferBindingSize } = backend.device.limits
  return (usage & GPUBufferUsage.STORAGE) === 0
    ? maxBufferSize
    : Math.min(maxBufferSize, maxStorageBufferBindingSize)
}

/** The platforms' messages for an array or a mapped buffer that can't be allocated. */
const allocationFailures = /alloc|out of memory|array (buffer )?length|too large/i

/** Returns a MemoryError if the error means that memory ran out, otherwise the error itself. */
export function asMemoryError(device: TfjsDevice, error: unknown): unknown {
  if (isGradlensError(error) || !(error instanceof RangeError)) return error
  return allocationFailures.test(error.message) ? memoryError(device, undefined, error) : error
}

export function memoryError(device: TfjsDevice, byteLength?: number, cause?: unknown): MemoryError {
  const asked =
    byteLength === undefined ? '' : ` It needed ${byteLength.toLocaleString('en')} more bytes.`
  return new MemoryError(
    device,
    `${device}: there is not enough memory for this batch.${asked} Use a smaller batchSize, or dispose of tensors and ` +
      'explainers that the page no longer needs.',
    { byteLength, cause },
  )
}

/** Frees memory that TensorFlow.js keeps for reuse, before another attempt with a smaller batch. */
export function freeIdleMemory({ backend }: Owner): void {
  if (isWebgpu(backend)) destroyIdleBuffers(backend)
}

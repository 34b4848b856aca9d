import type { KernelBackend } from '@tensorflow/tfjs'
import { MemoryError, isGradlensError } from '../../errors.js'
import type { Device } from '../../options.js'
import { destroyIdleBuffers, isWebgpu, withAllocations } from './backends.js'
import { runOn } from './engine.js'

/** A device as memory is taken from it. */
interface Owner {
  readonly name: Device
  readonly backend: KernelBackend
}

/**
 * `runOn`, in which memory that does not suffice is an error, where TensorFlow.js would go on and compute with
 * what is not there. What the function had allocated is freed then.
 *
 * @param largestWeight in bytes, of the tensors that are on the device already
 * @throws MemoryError
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
    throw asMemoryError(name, error)
  }
}

/** A buffer beyond the limits would be invalid, or could not be bound, and each command that uses it void. */
function largestBuffer(backend: KernelBackend, usage: number): number {
  if (!isWebgpu(backend)) return Infinity
  const { maxBufferSize, maxStorageBufferBindingSize } = backend.device.limits
  return (usage & GPUBufferUsage.STORAGE) === 0
    ? maxBufferSize
    : Math.min(maxBufferSize, maxStorageBufferBindingSize)
}

/** The platform's words for an array, or a mapped buffer, that it cannot allocate. */
const allocationFailures = /alloc|out of memory|array (buffer )?length|too large/i

/** An error as it is, or as a MemoryError if it says that memory does not suffice. */
export function asMemoryError(device: Device, error: unknown): unknown {
  if (isGradlensError(error) || !(error instanceof RangeError)) return error
  return allocationFailures.test(error.message) ? memoryError(device, undefined, error) : error
}

export function memoryError(device: Device, byteLength?: number, cause?: unknown): MemoryError {
  const asked =
    byteLength === undefined ? '' : ` ${byteLength.toLocaleString('en')} bytes more were asked for.`
  return new MemoryError(
    device,
    `${device}: memory does not suffice for this batch.${asked} Use a smaller batchSize, or dispose of tensors and ` +
      'explainers that the page no longer needs.',
    { byteLength, cause },
  )
}

/** Gives back what TensorFlow.js hoards: after memory ran out, for the attempt with a smaller batch. */
export function freeIdleMemory({ backend }: Owner): void {
  if (isWebgpu(backend)) destroyIdleBuffers(backend)
}

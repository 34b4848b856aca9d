import * as tf from '@tensorflow/tfjs'
import { strayGpuBuffers } from './devices/gpu-buffers.js'
import { liveWorkers, workersSettle } from './workers/live-workers.js'

/** A snapshot of memory, and of the identity of TensorFlow.js's engine, kernels and gradients. */
interface Holdings {
  readonly tensors: number
  readonly gpuBuffers: number
  readonly gpuBytes: number
  readonly workers: number
  readonly parts: ReadonlyMap<string, unknown>
}

/**
 * Runs a piece of work, and fails if it left tensors or GPU buffers behind, or changed the engine, a kernel or a
 * gradient of the page's TensorFlow.js.
 */
export async function expectNoLeaks<Result>(work: () => Promise<Result> | Result): Promise<Result> {
  const before = await holdings()
  const result = await work()
  const leaks = await leaksSince(before)
  if (leaks.length > 0) throw new Error(`Left behind: ${leaks.join('; ')}.`)
  return result
}

export async function holdings(): Promise<Holdings> {
  const { count, byteLength } = await strayGpuBuffers()
  return {
    tensors: tf.engine().state.numTensors,
    gpuBuffers: count,
    gpuBytes: byteLength,
    workers: liveWorkers(),
    parts: engineParts(),
  }
}

/** Describes what was added or changed since the snapshot. */
export async function leaksSince(before: Holdings): Promise<string[]> {
  await workersSettle(before.workers)
  const after = await holdings()
  const leaks: string[] = []
  const count = (what: string, from: number, to: number): void => {
    if (from !== to) leaks.push(`${what}: ${from} before, ${to} after`)
  }
  count('tensors', before.tensors, after.tensors)
  count('GPU buffers of no tensor', before.gpuBuffers, after.gpuBuffers)
  count('GPU bytes of no tensor', before.gpuBytes, after.gpuBytes)
  // The pool of an existing backend may have grown.
  if (before.workers === 0) count('workers', 0, after.workers)
  for (const part of new Set([...before.parts.keys(), ...after.parts.keys()])) {
    if (before.parts.get(part) !== after.parts.get(part)) leaks.push(`${part} is another one`)
  }
  return leaks
}

/** The kernels and gradients by name, and the engine's own properties, which a patched instance has. */
function engineParts(): Map<string, unknown> {
  const parts = new Map<string, unknown>()
  const engine = tf.engine() as object as Record<string, unknown>
  for (const name of Object.getOwnPropertyNames(engine)) {
    if (typeof engine[name] === 'function') parts.set(`engine().${name}`, engine[name])
  }
  for (const backend of ['cpu', 'wasm', 'webgpu']) {
    for (const kernel of tf.getKernelsForBackend(backend)) {
      parts.set(`${backend}'s kernel ${kernel.kernelName}`, kernel)
      parts.set(`the gradient of ${kernel.kernelName}`, tf.getGradient(kernel.kernelName))
    }
  }
  return parts
}

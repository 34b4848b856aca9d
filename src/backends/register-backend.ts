import * as tf from '@tensorflow/tfjs'
import type { KernelBackend } from '@tensorflow/tfjs'

/** Below TensorFlow.js's own cpu (1), so that only a call of `tf.setBackend` makes it the default. */
const lowestPriority = 0

/**
 * Registers a backend of TensorFlow.js that is loaded when it is first used. A backend of that name
 * that the page has registered before stays, with its priority.
 */
export function registerBackend(name: 'wasm' | 'webgpu', open: () => Promise<KernelBackend>): void {
  if (tf.engine().backendNames().includes(name)) return
  tf.registerBackend(name, open, lowestPriority)
}

/** True if no kernels are registered for the backend, by us or by its own package. */
export const lacksKernels = (name: 'wasm' | 'webgpu'): boolean =>
  tf.getKernelsForBackend(name).length === 0

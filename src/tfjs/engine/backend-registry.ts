/**
 * The backends that TensorFlow.js's engine has started, and how they are started. Pinned to 4.22 by
 * tests/devices/models/tfjs-engine.test.ts.
 */
import * as tf from '@tensorflow/tfjs'
import type { KernelBackend, Tensor } from '@tensorflow/tfjs'
import { DeviceError } from '../../errors.js'
import { openHeap } from '../kernels/heap.js'
import type { TfjsDevice } from './tfjs-device.js'

interface BackendRegistry {
  backendInstance: KernelBackend | null
  pendingBackendInit: Promise<boolean> | null | undefined
  readonly registry: Record<string, KernelBackend | undefined>
  readonly registryFactory: Record<
    string,
    { factory: () => KernelBackend | Promise<KernelBackend> } | undefined
  >
  readonly state: { readonly tensorInfo: WeakMap<object, { backend: KernelBackend }> }
}

const engine = (): BackendRegistry => tf.engine() as unknown as BackendRegistry

/**
 * Returns a device's backend, and starts it if needed. The page's current backend stays current.
 */
export async function ensureBackend(device: TfjsDevice): Promise<KernelBackend> {
  const backend = await startedBackend(device)
  if (device === 'wasm') await openHeap(backend)
  return backend
}

async function startedBackend(device: TfjsDevice): Promise<KernelBackend> {
  const { registry, pendingBackendInit } = engine()
  await pendingBackendInit?.catch(() => false)
  const existing = registry[device]
  if (existing !== undefined) return existing
  const backend = await createBackend(device)
  const madeMeanwhile = registry[device]
  if (madeMeanwhile !== undefined) {
    backend.dispose()
    return madeMeanwhile
  }
  installBackend(device, backend)
  return backend
}

async function createBackend(device: TfjsDevice): Promise<KernelBackend> {
  const factory = engine().registryFactory[device]?.factory
  if (factory === undefined) {
    throw new DeviceError(
      device,
      `${device}: TensorFlow.js has no such backend here; import '@tensorflow/tfjs-backend-${device}' before use.`,
    )
  }
  try {
    return await factory()
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : describeRejection(cause)
    throw new DeviceError(device, `${device}: its TensorFlow.js backend did not start: ${reason}`, {
      cause,
    })
  }
}

function installBackend(device: TfjsDevice, backend: KernelBackend): void {
  engine().registry[device] = backend
  for (const kernel of tf.getKernelsForBackend(device)) kernel.setupFunc?.(backend)
}

const replacements = new WeakMap<KernelBackend, Promise<void>>()

/**
 * Replaces a backend whose module has stopped. TensorFlow.js moves a tensor to the new backend when it is next used, so
 * those of the page keep their values. One call replaces it for all.
 */
export function replaceBackend(device: TfjsDevice, stopped: KernelBackend): Promise<void> {
  let replacement = replacements.get(stopped)
  if (replacement === undefined) {
    replacement = startReplacement(device, stopped)
    replacements.set(stopped, replacement)
    // Each call of a session waits for it, and reports the reason if it fails.
    replacement.catch(() => {
      replacements.delete(stopped)
    })
  }
  return replacement
}

async function startReplacement(device: TfjsDevice, stopped: KernelBackend): Promise<void> {
  const backend = await createBackend(device)
  const current = engine()
  installBackend(device, backend)
  if (current.backendInstance === stopped) current.backendInstance = backend
  if (device === 'wasm') await openHeap(backend)
}

/** Returns the device's backend. It is another one after `replaceBackend`. */
export function findBackend(device: TfjsDevice): KernelBackend {
  const backend = engine().registry[device]
  if (backend !== undefined) return backend
  throw new DeviceError(device, `${device}: its TensorFlow.js backend was removed from the page.`)
}

/** True if the page or an earlier session has started the device's backend. */
export const hasBackend = (device: TfjsDevice): boolean => engine().registry[device] !== undefined

/** True if the tensor's values are on that device's backend. */
export function isOn(device: TfjsDevice, tensor: Tensor): boolean {
  return engine().state.tensorInfo.get(tensor.dataId)?.backend === engine().registry[device]
}

/** The wasm backend rejects with a plain object that has a message. */
function describeRejection(cause: unknown): string {
  if (typeof cause === 'object' && cause !== null && 'message' in cause)
    return String(cause.message)
  return String(cause)
}

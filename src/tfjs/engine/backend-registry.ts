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
  await restartIfStopped(device)
  const backend = await startedBackend(device)
  if (device === 'wasm') await openHeap(backend)
  return backend
}

async function startedBackend(device: TfjsDevice): Promise<KernelBackend> {
  const { registry, pendingBackendInit } = engine()
  await pendingBackendInit?.catch(() => false)
  const existing = registry[device]
  if (existing !== undefined) {
    // The page may have registered kernels since, whose place in the module they don't know yet.
    setUpKernels(device, existing)
    return existing
  }
  const backend = await createBackend(device)
  const madeMeanwhile = registry[device]
  if (madeMeanwhile !== undefined) {
    backend.dispose()
    return madeMeanwhile
  }
  installBackend(device, backend)
  return backend
}

const waysToRegister: Readonly<Record<TfjsDevice, string>> = {
  webgpu: "Import 'gradlens/webgpu', or load webgpu.global.js of gradlens,",
  wasm: "Import 'gradlens/wasm', or load wasm.global.js of gradlens,",
  cpu: "Import '@tensorflow/tfjs', or '@tensorflow/tfjs-backend-cpu',",
}

async function createBackend(device: TfjsDevice): Promise<KernelBackend> {
  const factory = engine().registryFactory[device]?.factory
  if (factory === undefined) {
    throw new DeviceError(
      device,
      `${device}: TensorFlow.js has no such backend here. ${waysToRegister[device]} before use.`,
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
  setUpKernels(device, backend)
}

function setUpKernels(device: TfjsDevice, backend: KernelBackend): void {
  for (const kernel of tf.getKernelsForBackend(device)) kernel.setupFunc?.(backend)
}

/** Backends whose module has stopped, each with the start of the one that replaces it. */
const stopped = new Map<KernelBackend, Promise<void> | undefined>()

/** Notes that a backend's module has stopped, and starts another one. */
export function reportStopped(device: TfjsDevice, backend: KernelBackend): void {
  if (engine().registry[device] !== backend || stopped.has(backend)) return
  stopped.set(backend, undefined)
  // The next call waits for it, and reports the reason if it fails.
  restartIfStopped(device).catch(() => undefined)
}

/**
 * Resolves when the device has a backend whose module runs. TensorFlow.js moves each tensor of a stopped one when it
 * is next used, so the page's tensors keep their values.
 */
export async function restartIfStopped(device: TfjsDevice): Promise<void> {
  const backend = engine().registry[device]
  if (backend === undefined || !stopped.has(backend)) return
  let restart = stopped.get(backend)
  if (restart === undefined) {
    restart = replaceBackend(device, backend)
    stopped.set(backend, restart)
  }
  try {
    await restart
    stopped.delete(backend)
  } catch (error) {
    // The next call tries again.
    if (stopped.get(backend) === restart) stopped.set(backend, undefined)
    throw error
  }
}

async function replaceBackend(device: TfjsDevice, before: KernelBackend): Promise<void> {
  const backend = await createBackend(device)
  if (device === 'wasm') await openHeap(backend)
  installBackend(device, backend)
  const current = engine()
  if (current.backendInstance === before) current.backendInstance = backend
}

/** Returns the device's backend. It is another one after its module has stopped. */
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

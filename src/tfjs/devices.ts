import type { KernelBackend } from '@tensorflow/tfjs'
import { DeviceError } from '../errors.js'
import type { Device } from '../options.js'
import { ensureBackend } from './engine.js'

/**
 * The device's backend, ready for use.
 *
 * @throws DeviceError if there is none, or WebGPU is emulated in software and that is not allowed: such an
 *   adapter is some 200 times slower than wasm.
 */
export async function openDevice(device: Device, allowSoftware: boolean): Promise<KernelBackend> {
  if (device === 'webgpu' && !allowSoftware) await refuseSoftwareAdapter()
  return ensureBackend(device)
}

/** The GPUDevice of a webgpu backend; undefined for the others. */
export function gpuDeviceOf(backend: KernelBackend): GPUDevice | undefined {
  return (backend as { device?: GPUDevice }).device
}

async function refuseSoftwareAdapter(): Promise<void> {
  const gpu = (globalThis.navigator as Navigator | undefined)?.gpu
  if (gpu === undefined) {
    throw new DeviceError(
      'webgpu',
      'webgpu: this page has none (it needs https or localhost, and a browser with WebGPU).',
    )
  }
  const adapter = await gpu.requestAdapter()
  if (adapter === null) {
    throw new DeviceError('webgpu', 'webgpu: the browser offers no adapter on this machine.')
  }
  const { isFallbackAdapter, architecture } = adapter.info
  if (isFallbackAdapter || architecture === 'swiftshader') {
    throw new DeviceError(
      'webgpu',
      `webgpu: the only adapter is emulated in software (${architecture || 'fallback'}), slower than wasm; ` +
        "device: 'webgpu' uses it all the same.",
    )
  }
}

/** Rejects when the GPU device is lost, with what to do; never settles for the other devices. */
export function deviceLost(device: Device, gpuDevice: GPUDevice | undefined): Promise<never> {
  const lost = new Promise<never>((_, reject) => {
    void gpuDevice?.lost.then(({ reason, message }) => {
      reject(
        new DeviceError(
          device,
          `${device}: the GPU device was lost (${reason}${message === '' ? '' : `: ${message}`}). ` +
            "Make a new explainer with device 'wasm', or reload the page.",
        ),
      )
    })
  })
  lost.catch(() => undefined)
  return lost
}

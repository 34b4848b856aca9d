import type { KernelBackend } from '@tensorflow/tfjs'
import { DeviceError } from '../../errors.js'
import type { Device } from '../../options.js'
import type { TfjsDevice } from './tfjs-device.js'
import { assertAdapter } from '../../webgpu-adapter.js'
import { ensureBackend, findBackend, hasBackend } from './backend-registry.js'

/** A device that is ready for use. */
export interface OpenDevice {
  readonly name: TfjsDevice
  /** Another one after the module of the last one has stopped. */
  readonly backend: KernelBackend
  /** The GPU device of webgpu; undefined for other devices. */
  readonly gpuDevice: GPUDevice | undefined
  /** Rejects with a DeviceError when the GPU device is lost. Otherwise it never settles. */
  readonly lost: Promise<never>
}

/**
 * Makes a device's backend ready for use.
 *
 * @throws DeviceError if there is no such backend, its GPU device was lost, or WebGPU is emulated
 *   in software and that is not allowed: such an adapter is some 200 times slower than wasm
 */
export async function openDevice(name: Device, allowSoftware: boolean): Promise<OpenDevice> {
  if (name === 'native') {
    throw new DeviceError(
      name,
      "native: TensorFlow.js computes on webgpu, wasm and cpu; 'native' is for models of gradlens/onnx on onnxruntime-node.",
    )
  }
  if (name === 'webgpu' && !(allowSoftware && hasBackend(name))) {
    await assertAdapter(allowSoftware)
  }
  const backend = await ensureBackend(name)
  const { device: gpuDevice } = backend as { device?: GPUDevice }
  const lost = lossOf(name, gpuDevice)
  // Rejects here if the device was lost before.
  await Promise.race([lost, Promise.resolve()])
  return {
    name,
    get backend() {
      return findBackend(name)
    },
    gpuDevice,
    lost,
  }
}

function lossOf(device: TfjsDevice, gpuDevice: GPUDevice | undefined): Promise<never> {
  const lost = new Promise<never>((_, reject) => {
    void gpuDevice?.lost.then(({ reason, message }) => {
      reject(
        new DeviceError(
          device,
          `${device}: the GPU device was lost (${reason}${message === '' ? '' : `: ${message}`}). ` +
            "Create a new explainer with device 'wasm', or reload the page.",
        ),
      )
    })
  })
  // Awaited only in races: a rejection outside of a race must not count as unhandled.
  lost.catch(() => undefined)
  return lost
}

import { DeviceError } from '../../errors.js'
import type { Device } from '../../options.js'
import { assertAdapter } from '../../webgpu-adapter.js'
import type { OnnxRuntime } from '../runtime.js'

/** Where a model runs: the execution provider of ONNX Runtime. */
export interface RuntimeDevice {
  readonly name: Device
  readonly ort: OnnxRuntime
  readonly provider: 'cpu' | 'wasm' | 'webgpu'
}

/** The devices of an ONNX Runtime, the best one first. */
export const devicesOf = ({ env }: OnnxRuntime): readonly Device[] =>
  env.versions.node === undefined ? ['webgpu', 'wasm'] : ['native']

/**
 * Finds what computes on a device.
 *
 * @throws DeviceError if this ONNX Runtime doesn't have it, or the only adapter is software and that isn't allowed
 */
export async function openRuntimeDevice(
  ort: OnnxRuntime,
  device: Device,
  allowSoftware: boolean,
): Promise<RuntimeDevice> {
  const isNode = devicesOf(ort).includes('native')
  if (device === 'native') {
    if (isNode) return { name: device, ort, provider: 'cpu' }
    throw unavailable(device, "it needs onnxruntime-node; use 'wasm' or 'webgpu'")
  }
  if (isNode) throw unavailable(device, "onnxruntime-node computes on the device 'native'")
  switch (device) {
    case 'wasm':
      return { name: device, ort, provider: 'wasm' }
    case 'webgpu':
      await assertAdapter(allowSoftware)
      return { name: device, ort, provider: 'webgpu' }
    case 'cpu':
      throw unavailable(device, "ONNX Runtime has no plain JavaScript; use 'wasm'")
  }
}

const unavailable = (device: Device, reason: string): DeviceError =>
  new DeviceError(device, `${device}: not available for this ONNX model: ${reason}.`)

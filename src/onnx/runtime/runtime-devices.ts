import { runInTurn } from '../../adapters/call-queue.js'
import { DeviceError } from '../../errors.js'
import type { Device } from '../../options.js'
import { assertAdapter } from '../../webgpu-adapter.js'
import type { OnnxRuntime, RuntimeDevice } from './runtime.js'
import { CompiledGraph } from './compiled-graph.js'

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
      return { name: device, ort, provider: 'webgpu', gpuDevice: await findGpuDevice(ort) }
    case 'cpu':
      throw unavailable(device, "ONNX Runtime has no plain JavaScript; use 'wasm'")
  }
}

const gpuDevices = new WeakMap<object, Promise<GPUDevice>>()

/**
 * Returns the GPU device of an ONNX Runtime. It creates one with its first session, and destroys it with its last one,
 * so one small session stays open.
 */
async function findGpuDevice(ort: OnnxRuntime): Promise<GPUDevice> {
  const found = gpuDevices.get(ort.InferenceSession) ?? startGpuDevice(ort)
  gpuDevices.set(ort.InferenceSession, found)
  const forget = (): void => {
    if (gpuDevices.get(ort.InferenceSession) === found) gpuDevices.delete(ort.InferenceSession)
  }
  found.then(({ lost }) => lost.then(forget), forget)
  return found
}

async function startGpuDevice(ort: OnnxRuntime): Promise<GPUDevice> {
  const copy = { name: '', op: 'Identity', domain: '', attributes: {} }
  const model = {
    opsets: new Map([['', 18]]),
    graph: {
      nodes: [{ ...copy, inputs: ['x'], outputs: ['y'] }],
      constants: new Map(),
      inputs: [{ name: 'x', type: 'float32' as const, shape: [1] }],
      outputs: ['y'],
    },
  }
  const device: RuntimeDevice = { name: 'webgpu', ort, provider: 'webgpu' }
  try {
    await runInTurn(ort.InferenceSession, () => CompiledGraph.create(device, model))
    return await (ort.env.webgpu as { readonly device: Promise<GPUDevice> }).device
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new DeviceError(
      'webgpu',
      `webgpu: ONNX Runtime can't use it: ${reason.slice(0, 300)} Import 'onnxruntime-web/webgpu', or use 'wasm'.`,
      { cause },
    )
  }
}

const unavailable = (device: Device, reason: string): DeviceError =>
  new DeviceError(device, `${device}: not available for this ONNX model: ${reason}.`)

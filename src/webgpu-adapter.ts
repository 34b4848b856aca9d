import { DeviceError } from './errors.js'

/** @throws DeviceError if there is no adapter, or only one that is emulated and not allowed */
export async function assertAdapter(allowSoftware: boolean): Promise<void> {
  const gpu = (globalThis.navigator as Navigator | undefined)?.gpu
  if (gpu === undefined) {
    throw new DeviceError(
      'webgpu',
      "webgpu: WebGPU is not available here. It needs a browser with WebGPU, and https or localhost. Use device 'wasm', " +
        "or 'auto', which picks the best device that works.",
    )
  }
  const adapter = await gpu.requestAdapter()
  if (adapter === null) {
    throw new DeviceError(
      'webgpu',
      "webgpu: the browser found no GPU adapter on this computer. Use device 'wasm', or 'auto', which picks the best " +
        'device that works.',
    )
  }
  if (allowSoftware) return
  const { isFallbackAdapter, architecture } = adapter.info
  if (isFallbackAdapter || architecture === 'swiftshader') {
    throw new DeviceError(
      'webgpu',
      `webgpu: the only adapter is emulated in software (${architecture || 'fallback'}), slower than wasm; ` +
        "device: 'webgpu' uses it anyway.",
    )
  }
}

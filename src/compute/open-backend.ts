import type { Device } from '../options.js'
import type { GradientBackend } from './gradient-backend.js'

/**
 * What works on the gradients that a model gives on that device, and why it is not the fastest that there is for
 * it, if it is not.
 *
 * @param gpuDevice the device in whose buffers the gradients lie, if they do
 */
export async function openBackend(
  device: Device,
  gpuDevice: GPUDevice | undefined,
): Promise<{ backend: GradientBackend; fallbackReason: string | null }> {
  if (gpuDevice !== undefined) {
    const { openWebgpuBackend } = await import('./webgpu/open.js')
    return { backend: await openWebgpuBackend(gpuDevice), fallbackReason: null }
  }
  const { openCpuBackend } = await import('./cpu-backend.js')
  if (device === 'cpu') return { backend: openCpuBackend(), fallbackReason: null }
  try {
    const { openWasmBackend } = await import('./wasm/open.js')
    return await openWasmBackend()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return {
      backend: openCpuBackend(),
      fallbackReason: `gradients are compared in plain JavaScript: ${reason}`,
    }
  }
}

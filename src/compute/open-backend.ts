import { explainFailedImport } from '../failed-import.js'
import type { Device } from '../options.js'
import type { GradientBackend } from './gradient-backend.js'

/**
 * Opens the fastest backend that works for gradients of a model on this device. `fallbackReason` says why a faster one
 * is not used.
 *
 * @param gpuDevice the device whose buffers store the gradients; undefined if they are in JavaScript's memory
 */
export async function openBackend(
  device: Device,
  gpuDevice: GPUDevice | undefined,
): Promise<{ backend: GradientBackend; fallbackReason: string | null }> {
  if (gpuDevice !== undefined) {
    const { openWebgpuBackend } = await import('./webgpu/open.js').catch(explainFailedImport)
    return { backend: await openWebgpuBackend(gpuDevice), fallbackReason: null }
  }
  const { openCpuBackend } = await import('./cpu-backend.js').catch(explainFailedImport)
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

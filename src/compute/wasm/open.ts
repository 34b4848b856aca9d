import type { GradientBackend } from '../gradient-backend.js'
import { WasmInstance } from './instance.js'
import { compileKernels } from './kernels.js'
import { PageBackend } from './page-backend.js'

/**
 * Opens the SIMD kernels in a pool of workers; where the page refuses workers, in the calling thread, with the reason. Node
 * has no such workers, so there it is always the calling thread.
 *
 * @throws WebAssembly.CompileError if WebAssembly itself is refused
 */
export async function openWasmBackend(): Promise<{
  backend: GradientBackend
  fallbackReason: string | null
}> {
  const compiled = await compileKernels()
  let fallbackReason: string | null = null
  // In Node, onnxruntime-web defines a Worker that isn't one of the web's.
  if ('document' in globalThis || 'WorkerGlobalScope' in globalThis) {
    try {
      const { PoolBackend } = await import('./pool/pool-backend.js')
      return { backend: await PoolBackend.open(compiled), fallbackReason: null }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      fallbackReason = `gradients are compared in one thread, because workers cannot be started: ${reason}`
    }
  }
  return { backend: new PageBackend(await WasmInstance.open(compiled)), fallbackReason }
}

import type { GradientBackend } from '../gradient-backend.js'
import { WasmInstance } from './instance.js'
import { compileKernels } from './kernels.js'
import { PageBackend } from './page-backend.js'

/**
 * The SIMD kernels in the page's workers; where those are refused, in the thread that asks, with the reason why. In Node,
 * which has no such workers, that is the way it is.
 *
 * @throws WebAssembly.CompileError where wasm itself is refused
 */
export async function openWasmBackend(): Promise<{
  backend: GradientBackend
  fallbackReason: string | null
}> {
  const compiled = await compileKernels()
  let fallbackReason: string | null = null
  if (typeof Worker !== 'undefined') {
    try {
      const { PoolBackend } = await import('./pool/pool-backend.js')
      return { backend: await PoolBackend.open(compiled), fallbackReason: null }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      fallbackReason = `gradients are compared in one thread, since there are no workers: ${reason}`
    }
  }
  return { backend: new PageBackend(await WasmInstance.open(compiled)), fallbackReason }
}

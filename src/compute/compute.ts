import type { GradientBlock } from '../gradients/block.js'
import type { Device } from '../options.js'

/** The arithmetic on gradients. Inner products are summed in float64, contractions in float32 or better. */
export interface Compute {
  /** The same gradients, each parameter in the smaller of its exact forms. */
  compact(block: GradientBlock): Promise<GradientBlock>
  /** ⟨g_i, g_j⟩ over all parameters: [a.rowCount, b.rowCount], row-major. */
  dot(a: GradientBlock, b: GradientBlock): Promise<Float64Array>
  /** ‖g_i‖² over all parameters: [rowCount]. NaN or infinite where a gradient is not finite. */
  squaredNorms(block: GradientBlock): Promise<Float64Array>
}

/**
 * What works on the gradients that a model gives on that device: SIMD kernels beside wasm and webgpu, plain
 * loops beside cpu, and where the page may not compile wasm, with the reason why.
 */
export async function openCompute(
  device: Device,
): Promise<{ compute: Compute; fallbackReason: string | null }> {
  const { cpuCompute, hostCompute } = await import('./cpu.js')
  if (device === 'cpu') return { compute: cpuCompute, fallbackReason: null }
  try {
    const { openWasmContraction } = await import('./wasm/contraction.js')
    return { compute: hostCompute(await openWasmContraction()), fallbackReason: null }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return {
      compute: cpuCompute,
      fallbackReason: `gradients are contracted in plain JavaScript: ${reason}`,
    }
  }
}

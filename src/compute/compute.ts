import type { GradientBlock } from '../gradients/block.js'

/** The arithmetic on gradients, on one device. Sums are taken in float64 or better than float32 rounding. */
export interface Compute {
  /** The same gradients, each parameter in the smaller of its two exact forms. */
  compact(block: GradientBlock): Promise<GradientBlock>
  /** ⟨g_i, g_j⟩ over all parameters: [a.rowCount, b.rowCount], row-major. */
  dot(a: GradientBlock, b: GradientBlock): Promise<Float64Array>
  /** ‖g_i‖² over all parameters: [rowCount]. NaN or infinite where a gradient is not finite. */
  squaredNorms(block: GradientBlock): Promise<Float64Array>
}

export async function openCompute(): Promise<Compute> {
  const { cpuCompute } = await import('./cpu.js')
  return cpuCompute
}

import type { GpuGradientBlock, GradientBlock } from '../gradients/block.js'
import type { CompactBlock } from './compact.js'

/** Rows of float16 numbers as their bits, each row divided by 2 to the power of its exponent. */
export interface HalfFloats {
  readonly bits: Uint16Array
  readonly exponents: Int16Array
}

/** Gradients as a store of float16 holds them. */
export type HalfBlock = CompactBlock<HalfFloats>

export const isHalfBlock = (
  block: GradientBlock | HalfBlock | GpuGradientBlock,
): block is HalfBlock =>
  block.segments.some(
    (segment) => 'bits' in (segment.kind === 'dense' ? segment.values : segment.delta),
  )

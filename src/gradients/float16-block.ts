import type { CompactBlock, GpuGradientBlock, GradientBlock } from './block.js'

/** The bits of float16 numbers; those of each example were divided by 2 to the power of its exponent. */
export interface Float16Values {
  readonly bits: Uint16Array
  readonly exponents: Int16Array
}

/** Gradients in float16, as a store keeps them. */
export type Float16Block = CompactBlock<Float16Values>

export const isFloat16Block = (
  block: GradientBlock | Float16Block | GpuGradientBlock,
): block is Float16Block =>
  block.segments.some(
    (segment) => 'bits' in (segment.kind === 'dense' ? segment.values : segment.delta),
  )

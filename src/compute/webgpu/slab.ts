import type { CompactLayout } from '../../gradients/compact-layout.js'

/** Gradients of some examples, in buffers that are small enough to bind as a whole. */
export interface Slab {
  /** The index of the first example in the block. */
  readonly rowStart: number
  readonly exampleCount: number
  /** All numbers of an example are scaled by one power of two, 2^-E. */
  readonly segments: readonly SlabSegment[]
  /** (m, E) per example, ‖g‖² = m · 2^2E: a float32's bits and an integer. */
  readonly norms: GPUBuffer
}

export interface SlabSegment {
  readonly parameter: string
  readonly layout: CompactLayout
  /** [examples, size] of a dense segment, a of a factored one, the indices of a lookup. */
  readonly first: GPUBuffer
  /** δ; for a dense segment the first buffer again, because kernels need one. */
  readonly second: GPUBuffer
}

/** E of an example that is not finite. */
export const nonFiniteExponent = 0x7fffffff

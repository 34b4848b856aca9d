import type { CompactLayout } from '../../gradients/compact-layout.js'

/** Gradients of some rows, all in buffers of their own that a kernel can have as a whole. */
export interface Slab {
  /** The first of the rows among all that are held. */
  readonly rowStart: number
  readonly exampleCount: number
  /** Each row scaled by a power of two that it shares, 2^-E. */
  readonly segments: readonly SlabSegment[]
  /** (m, E) per row, ‖g‖² = m · 2^2E: a float32's bits and an integer. */
  readonly norms: GPUBuffer
}

export interface SlabSegment {
  readonly parameter: string
  readonly layout: CompactLayout
  /** [rows, size] of a dense segment, a of a factored one, the indices of looked-up rows. */
  readonly first: GPUBuffer
  /** δ; of a dense segment the same buffer again, since kernels ask for one. */
  readonly second: GPUBuffer
}

/** E of a row that is not finite. */
export const nonFiniteExponent = 0x7fffffff

import type { GradientBlock } from '../gradients/block.js'
import type { HalfBlock } from './half-block.js'
import { isHalfBlock } from './half-block.js'

/** All buffers of a block's arrays, each once. */
export function blockBuffers(block: GradientBlock | HalfBlock): ArrayBuffer[] {
  const numbers = isHalfBlock(block)
    ? block.segments.flatMap((segment) => {
        if (segment.kind === 'dense') return [segment.values.bits]
        if (segment.kind === 'rows') return [segment.indices, segment.delta.bits]
        return [segment.a.bits, segment.delta.bits]
      })
    : block.segments.flatMap((segment) => {
        if (segment.kind === 'dense') return [segment.values]
        if (segment.kind === 'rows') return [segment.indices, segment.delta]
        return [segment.a, segment.delta]
      })
  const buffers = new Set<ArrayBufferLike>(numbers.map(({ buffer }) => buffer))
  return [...buffers].filter((buffer) => buffer instanceof ArrayBuffer)
}

/** Gives the buffers of a block back whose numbers are elsewhere by now. */
export function giveBack(block: GradientBlock | HalfBlock): void {
  if (block.giveBack !== undefined) blockBuffers(block).forEach(block.giveBack)
}

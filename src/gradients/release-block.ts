import type { GradientBlock } from './block.js'
import { type Float16Block, isFloat16Block } from './float16-block.js'

/** Lists the buffers of a block's arrays, each once. */
export function listBlockBuffers(block: GradientBlock | Float16Block): ArrayBuffer[] {
  const numbers = isFloat16Block(block)
    ? block.segments.flatMap((segment) => {
        if (segment.kind === 'dense') return [segment.values.bits]
        if (segment.kind === 'lookup') return [segment.indices, segment.delta.bits]
        return [segment.a.bits, segment.delta.bits]
      })
    : block.segments.flatMap((segment) => {
        if (segment.kind === 'dense') return [segment.values]
        if (segment.kind === 'lookup') return [segment.indices, segment.delta]
        return [segment.a, segment.delta]
      })
  const buffers = new Set<ArrayBufferLike>(numbers.map(({ buffer }) => buffer))
  return [...buffers].filter((buffer) => buffer instanceof ArrayBuffer)
}

/**
 * Releases the buffers of a block after its numbers have been copied.
 *
 * @param kept buffers that are still needed
 */
export function releaseBlock(
  block: GradientBlock | Float16Block,
  kept: readonly ArrayBuffer[] = [],
): void {
  if (block.release === undefined) return
  for (const buffer of listBlockBuffers(block)) {
    if (!kept.includes(buffer)) block.release(buffer)
  }
}

import type { CompactBlock } from './block.js'
import { type Float16Block, type Float16Values, isFloat16Block } from './float16-block.js'
import { mapSegment } from './map-segment.js'

/** Returns views of the examples from `start` to `end` − 1; the block itself if those are all. */
export function sliceBlock<Block extends CompactBlock | Float16Block>(
  block: Block,
  start: number,
  end: number,
): Block
export function sliceBlock(
  block: CompactBlock | Float16Block,
  start: number,
  end: number,
): CompactBlock | Float16Block {
  const { exampleCount } = block
  if (start === 0 && end === exampleCount) return block
  const cut = <Numbers extends Float32Array | Int32Array | Uint16Array>(
    numbers: Numbers,
  ): Numbers => {
    const rowSize = numbers.length / exampleCount
    return numbers.subarray(start * rowSize, end * rowSize) as Numbers
  }
  const cutHalf = ({ bits, exponents }: Float16Values): Float16Values => ({
    bits: cut(bits),
    exponents: exponents.subarray(start, end),
  })
  return isFloat16Block(block)
    ? {
        exampleCount: end - start,
        segments: block.segments.map((segment) => mapSegment(segment, cutHalf, cut)),
      }
    : {
        exampleCount: end - start,
        segments: block.segments.map((segment) => mapSegment(segment, cut, cut)),
      }
}

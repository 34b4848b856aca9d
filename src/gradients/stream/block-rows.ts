import type { CompactBlock } from '../../compute/compact.js'
import type { HalfBlock, HalfFloats } from '../../compute/half-block.js'
import { isHalfBlock } from '../../compute/half-block.js'
import { mapSegment } from '../../compute/map-segment.js'

/** The rows from `start` to `end` − 1, as views; the block itself, if these are all. */
export function blockRows<Block extends CompactBlock | HalfBlock>(
  block: Block,
  start: number,
  end: number,
): Block
export function blockRows(
  block: CompactBlock | HalfBlock,
  start: number,
  end: number,
): CompactBlock | HalfBlock {
  const { rowCount } = block
  if (start === 0 && end === rowCount) return block
  const cut = <Numbers extends Float32Array | Int32Array | Uint16Array>(
    numbers: Numbers,
  ): Numbers => {
    const rowSize = numbers.length / rowCount
    return numbers.subarray(start * rowSize, end * rowSize) as Numbers
  }
  const cutHalf = ({ bits, exponents }: HalfFloats): HalfFloats => ({
    bits: cut(bits),
    exponents: exponents.subarray(start, end),
  })
  return isHalfBlock(block)
    ? {
        rowCount: end - start,
        segments: block.segments.map((segment) => mapSegment(segment, cutHalf, cut)),
      }
    : {
        rowCount: end - start,
        segments: block.segments.map((segment) => mapSegment(segment, cut, cut)),
      }
}

import type { CompactBlock } from './block.js'
import type { Float16Block, Float16Values } from './float16-block.js'
import { mapSegment } from './map-segment.js'
import { decodeFloat16 } from './numbers/float16.js'

/** Decodes a block to float32. Numbers beyond its range become the nearest in range. */
export function decodeBlock({ exampleCount, segments }: Float16Block): CompactBlock {
  const decode = ({ bits, exponents }: Float16Values): Float32Array =>
    decodeFloat16(bits, bits.length / exampleCount, exponents)
  return { exampleCount, segments: segments.map((segment) => mapSegment(segment, decode)) }
}

import type { CompactBlock } from './block.js'
import type { Float16Block, Float16Values } from './float16-block.js'
import { mapSegment } from './map-segment.js'
import { decodeFloat16 } from './numbers/float16.js'

/** The same in float32; numbers beyond its ends are the nearest that it has. */
export function decodeBlock({ exampleCount, segments }: Float16Block): CompactBlock {
  const decode = ({ bits, exponents }: Float16Values): Float32Array =>
    decodeFloat16(bits, bits.length / exampleCount, exponents)
  return { exampleCount, segments: segments.map((segment) => mapSegment(segment, decode)) }
}

import type { CompactBlock } from '../compute/compact.js'
import type { HalfBlock, HalfFloats } from '../compute/half-block.js'
import { mapSegment } from '../compute/map-segment.js'
import { decodeFloat16 } from './zarr/float16.js'

/** The same in float32; numbers beyond its ends are the nearest that it has. */
export function decodedBlock({ rowCount, segments }: HalfBlock): CompactBlock {
  const decode = ({ bits, exponents }: HalfFloats): Float32Array =>
    decodeFloat16(bits, bits.length / rowCount, exponents)
  return { rowCount, segments: segments.map((segment) => mapSegment(segment, decode)) }
}

import type { CompactSegment } from './block.js'

/** Replaces the numbers of a segment. */
export function mapSegment<From, To>(
  segment: CompactSegment<From>,
  floats: (numbers: From) => To,
  integers: (indices: Int32Array) => Int32Array = (indices) => indices,
): CompactSegment<To> {
  switch (segment.kind) {
    case 'dense':
      return { ...segment, values: floats(segment.values) }
    case 'factored':
      return { ...segment, a: floats(segment.a), delta: floats(segment.delta) }
    case 'lookup':
      return { ...segment, indices: integers(segment.indices), delta: floats(segment.delta) }
  }
}

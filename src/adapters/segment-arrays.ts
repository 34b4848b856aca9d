import type { GradientSegment } from '../gradients/block.js'

/** Returns the arrays of a segment, such as tensors of a framework, in the order of `mapArrays`. */
export function arraysOf<Value>(segment: GradientSegment<Value, Value>): Value[] {
  switch (segment.kind) {
    case 'dense':
      return [segment.values]
    case 'factored':
    case 'convolution':
      return [segment.a, segment.delta]
    case 'lookup':
      return [segment.indices, segment.delta]
  }
}

/** Returns the segment with other arrays, which the functions return for each of its own. */
export function mapArrays<Value, Floats, Integers>(
  segment: GradientSegment<Value, Value>,
  floats: (own: Value) => Floats,
  integers: (own: Value) => Integers,
): GradientSegment<Floats, Integers> {
  switch (segment.kind) {
    case 'dense':
      return { ...segment, values: floats(segment.values) }
    case 'factored':
    case 'convolution':
      return { ...segment, a: floats(segment.a), delta: floats(segment.delta) }
    case 'lookup':
      return { ...segment, indices: integers(segment.indices), delta: floats(segment.delta) }
  }
}

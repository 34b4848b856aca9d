import type { Tensor } from '@tensorflow/tfjs'
import type { GradientSegment } from '../../gradients/block.js'

/**
 * A gradient segment whose arrays are still tensors on the device, of the shapes that the segment
 * states.
 */
export type TensorSegment = GradientSegment<Tensor, Tensor>

export function tensorsIn(segment: TensorSegment): Tensor[] {
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

/**
 * The segment with arrays in place of its tensors, in the order of `tensorsIn`. The first of a
 * lookup are integers.
 */
export function withArrays<Floats, Integers>(
  segment: TensorSegment,
  arrays: readonly (Floats | Integers)[],
): GradientSegment<Floats, Integers> {
  const [first, second] = arrays as readonly [Floats, Floats]
  switch (segment.kind) {
    case 'dense':
      return { ...segment, values: first }
    case 'factored':
    case 'convolution':
      return { ...segment, a: first, delta: second }
    case 'lookup':
      return { ...segment, indices: arrays[0] as Integers, delta: second }
  }
}

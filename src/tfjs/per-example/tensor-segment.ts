import * as tf from '@tensorflow/tfjs'
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

/**
 * The uses of one parameter, combined where their layouts allow it: dense ones are added, factored
 * ones joined along the positions. The sum of the returned segments is the gradient.
 */
export function joinUses(uses: readonly TensorSegment[]): TensorSegment[] {
  const dense = uses.filter((use) => use.kind === 'dense')
  const factored = uses.filter((use) => use.kind === 'factored')
  const others = uses.filter((use) => use.kind !== 'dense' && use.kind !== 'factored')
  const result: TensorSegment[] = [...others]
  const [firstDense] = dense
  if (firstDense !== undefined) {
    result.push(
      dense.length === 1
        ? firstDense
        : { ...firstDense, values: tf.addN(dense.map(({ values }) => values)) },
    )
  }
  // A parameter may be used as matrices of several shapes, whose factors cannot be joined.
  const byShape = new Map<string, (typeof factored)[number][]>()
  for (const use of factored) {
    const shape = `${use.inputSize}×${use.outputSize}`
    byShape.set(shape, [...(byShape.get(shape) ?? []), use])
  }
  for (const alike of byShape.values()) {
    const alongPositions = (tensors: Tensor[]): Tensor =>
      tensors.length === 1 ? tensors[0]! : tf.concat(tensors, 1)
    result.push({
      ...alike[0]!,
      positions: alike.reduce((sum, { positions }) => sum + positions, 0),
      a: alongPositions(alike.map(({ a }) => a)),
      delta: alongPositions(alike.map(({ delta }) => delta)),
    })
  }
  return result
}

import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { chooseLayout, countNumbers, getDenseSize } from '../../gradients/compact-layout.js'
import { materializeSegment } from './materialize-segment.js'
import type { TensorSegment } from './tensor-segment.js'

/**
 * The uses of one parameter, combined where their layouts allow it: dense ones are added, factored
 * ones joined along the positions. If the segments together take more numbers than the gradient
 * itself, they are added, unless their factors are kept. The sum of the returned segments is the gradient.
 */
export function joinUses(uses: readonly TensorSegment[], keepsFactors: boolean): TensorSegment[] {
  const joined = joinAlike(uses)
  const [first, ...others] = joined
  if (first === undefined || others.length === 0 || keepsFactors) return joined
  const layouts = joined.map(chooseLayout)
  const size = getDenseSize(layouts[0]!)
  if (layouts.reduce((sum, layout) => sum + countNumbers(layout), 0) < size) return joined
  const values = tf.addN(joined.map(materializeSegment))
  return [{ kind: 'dense', parameter: first.parameter, size, values }]
}

function joinAlike(uses: readonly TensorSegment[]): TensorSegment[] {
  const dense = uses.filter((use) => use.kind === 'dense')
  const factored = uses.filter((use) => use.kind === 'factored')
  const result: TensorSegment[] = uses.filter(
    (use) => use.kind !== 'dense' && use.kind !== 'factored',
  )
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

import * as tf from '@tensorflow/tfjs'
import type { Attributes, PartialRepair } from '../../kernel.js'
import { findHeap } from '../../kernels/heap.js'

interface Middle {
  readonly before: number
  readonly positions: number
  readonly channels: number
}

/**
 * For wasm, which sums only innermost axes, transposes the tensor for others, and fails on empty
 * ones.
 */
export const sumOfMiddleAxes: PartialRepair = {
  isNeeded: ({ x }, attributes) =>
    findHeap() !== undefined && x!.dtype === 'float32' && middleOf(x!, attributes) !== undefined,
  kernel: ({ x }, attributes) => {
    const { kernels, addressOf, allocate } = findHeap()!
    const { before, positions, channels } = middleOf(x!, attributes)!
    const axes = axesOf(x!, attributes)
    const kept = attributes['keepDims'] === true ? [1] : []
    const sums = allocate(
      x!.shape.flatMap((length, axis) => (axes.includes(axis) ? kept : [length])),
    )
    kernels.sumPositions(addressOf(x!), addressOf(sums), before, positions, channels)
    return sums
  },
}

/** The axes that are summed as one, if they are adjacent and not innermost. */
function middleOf(x: tf.Tensor, attributes: Attributes): Middle | undefined {
  const axes = axesOf(x, attributes)
  const first = Math.min(...axes)
  const end = first + axes.length
  if (axes.length === 0 || end !== Math.max(...axes) + 1) return undefined
  const [before, positions, channels] = [
    x.shape.slice(0, first),
    x.shape.slice(first, end),
    x.shape.slice(end),
  ].map((lengths) => tf.util.sizeFromShape(lengths)) as [number, number, number]
  return channels === 1 ? undefined : { before, positions, channels }
}

function axesOf(x: tf.Tensor, { axis }: Attributes): number[] {
  return tf.util.parseAxisParam(axis as number | number[], x.shape)
}

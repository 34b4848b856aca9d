/**
 * Tensors of rank 5 and 6 on webgpu, whose coordinates aren't WGSL vectors: shaders that index or
 * compare them do not compile, and everything submitted with them is dropped without an error.
 */
import * as tf from '@tensorflow/tfjs'
import type { Kernel, PartialRepair } from '../../kernel.js'
import { fit, splitAt, withLength } from '../axes.js'
import { runKernel } from '../run-kernel.js'

const greatestVector = 4

function aboveRank4(kernel: Kernel): PartialRepair {
  return { isNeeded: ({ x }) => x!.rank > greatestVector, kernel }
}

interface PadAttributes {
  readonly paddings: readonly (readonly [number, number])[]
  readonly constantValue: number
}

const pad: Kernel = ({ x }, attributes) => {
  const { paddings, constantValue } = attributes as unknown as PadAttributes
  return paddings.reduce<tf.Tensor>((padded, [front, behind], axis) => {
    const length = front + padded.shape[axis]! + behind
    return fit(padded, axis, -front, length, constantValue)
  }, x!)
}

interface MirrorPadAttributes {
  readonly paddings: readonly (readonly [number, number])[]
  readonly mode: 'reflect' | 'symmetric'
}

const mirrorPad: Kernel = ({ x }, attributes) => {
  const { paddings, mode } = attributes as unknown as MirrorPadAttributes
  // `reflect` leaves the edge itself out of the margin.
  const edge = mode === 'reflect' ? 0 : 1
  return paddings.reduce<tf.Tensor>((padded, [front, behind], axis) => {
    const length = padded.shape[axis]!
    return pick(padded, axis, front + length + behind, (position) => {
      const index = position - front
      if (index < 0) return -index - edge
      return index < length ? index : 2 * (length - 1) - index + edge
    })
  }, x!)
}

const reverse: Kernel = ({ x }, attributes) => {
  const { dims } = attributes as { dims: number | number[] }
  return tf.util.parseAxisParam(dims, x!.shape).reduce<tf.Tensor>((reversed, axis) => {
    const length = reversed.shape[axis]!
    return pick(reversed, axis, length, (position) => length - 1 - position)
  }, x!)
}

/**
 * For webgpu, whose own reads its input back and tiles it on the host, which a synchronous section
 * can't.
 */
const tile: Kernel = ({ x }, attributes) => {
  const { reps } = attributes as { reps: readonly number[] }
  return reps.reduce<tf.Tensor>((tiled, count, axis) => {
    const shape = withLength(tiled.shape, axis, tiled.shape[axis]! * count)
    return tf.reshape(tf.tile(splitAt(tiled, axis), [1, count, 1]), shape)
  }, x!)
}

interface StridedSliceAttributes {
  readonly begin: number[]
  readonly end: number[]
  readonly strides: number[]
  readonly beginMask: number
  readonly endMask: number
  readonly ellipsisMask: number
  readonly newAxisMask: number
  readonly shrinkAxisMask: number
}

const stridedSlice: Kernel = ({ x }, attributes) => {
  const asked = attributes as unknown as StridedSliceAttributes
  const { finalShapeSparse, finalShape, begin, strides } = tf.slice_util.sliceInfo(
    x!.shape,
    asked.begin,
    asked.end,
    asked.strides,
    asked.beginMask,
    asked.endMask,
    asked.ellipsisMask,
    asked.newAxisMask,
    asked.shrinkAxisMask,
  )
  if (finalShape.includes(0)) return tf.zeros(finalShape, x!.dtype)
  const taken = finalShapeSparse.reduce<tf.Tensor>(
    (rest, length, axis) =>
      pick(rest, axis, length, (position) => begin[axis]! + position * strides[axis]!),
    x!,
  )
  return tf.reshape(taken, finalShape)
}

/** Along one axis the elements that `indexAt` names, one for each position of the output. */
function pick(
  x: tf.Tensor,
  axis: number,
  length: number,
  indexAt: (position: number) => number,
): tf.Tensor {
  const indices = Array.from({ length }, (_, position) => indexAt(position))
  const isAll = length === x.shape[axis] && indices.every((index, position) => index === position)
  return isAll ? x.clone() : tf.gather(x, tf.tensor1d(indices, 'int32'), axis)
}

const select: PartialRepair = {
  isNeeded: ({ t }) => t!.rank > greatestVector,
  kernel: ({ condition, t, e }, attributes) => {
    const shape = [condition!.size, t!.size / condition!.size]
    const selected = runKernel(
      'Select',
      {
        condition: tf.reshape(condition!, [-1]),
        t: tf.reshape(t!, shape),
        e: tf.reshape(e!, shape),
      },
      attributes,
    )
    return tf.reshape(selected, t!.shape)
  },
}

/**
 * A vector is read through shared memory, by the output's coordinates; of the output's rank it is
 * not.
 */
function withVector(kernelName: string): PartialRepair {
  return {
    isNeeded: (inputs) => {
      const ranks = Object.values(inputs).map(({ rank }) => rank)
      return ranks.includes(1) && Math.max(...ranks) > greatestVector
    },
    kernel: (inputs, attributes) => {
      const rank = Math.max(...Object.values(inputs).map((operand) => operand.rank))
      const raised = Object.entries(inputs).map(([name, operand]) => [
        name,
        operand.rank === 1
          ? tf.reshape(operand, [...Array<number>(rank - 1).fill(1), operand.size])
          : operand,
      ])
      return runKernel(kernelName, Object.fromEntries(raised) as tf.NamedTensorMap, attributes)
    },
  }
}

const binaryKernels = [
  'Add',
  'Atan2',
  'Equal',
  'FloorDiv',
  'Greater',
  'GreaterEqual',
  'Less',
  'LessEqual',
  'LogicalAnd',
  'LogicalOr',
  'Maximum',
  'Minimum',
  'Mod',
  'Multiply',
  'NotEqual',
  'Pow',
  'Prelu',
  'RealDiv',
  'SquaredDifference',
  'Sub',
]

export const highRankRepairs: Readonly<Record<string, PartialRepair>> = {
  MirrorPad: aboveRank4(mirrorPad),
  PadV2: aboveRank4(pad),
  Reverse: aboveRank4(reverse),
  Select: select,
  StridedSlice: aboveRank4(stridedSlice),
  Tile: aboveRank4(tile),
  ...Object.fromEntries(binaryKernels.map((name) => [name, withVector(name)])),
}

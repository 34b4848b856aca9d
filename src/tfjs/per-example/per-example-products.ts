import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { type Indices, indicesOf } from '../repairs/arithmetic/einsum.js'
import { sumToShape } from '../repairs/sum-to-shape.js'
import { moveExamplesFirst } from './batch-layout.js'
import { lookUpOneHots } from './one-hot-rule.js'
import type { ParameterUse } from './parameter-use.js'
import type { TensorSegment } from './tensor-segment.js'

/**
 * Matrix products, with the parameter on either side. Where one matrix serves all rows, G = Σ_t a_t
 * δ_tᵀ keeps its factors. Where there is one matrix per head, G is computed.
 */
export function matMul(use: ParameterUse): TensorSegment | undefined {
  const lookup = use.oneHot && lookUpOneHots(use, use.oneHot)
  if (lookup !== undefined) return lookup
  const { parameter, parameterInput, call, delta, layout, batchSize } = use
  const isRight = parameterInput === 'b'
  const { transposeA, transposeB } = call.attributes as Record<string, boolean | undefined>
  const { [isRight ? 'b' : 'a']: own, [isRight ? 'a' : 'b']: other } = call.inputs
  if (own === undefined || other === undefined) return undefined
  // Rows [t, d] that the matrix meets and rows [t, p] of δ. To the right of the parameter, its
  // columns are the rows.
  const isOtherSwapped = isRight ? transposeA === true : transposeB !== true
  const x = inRank(isOtherSwapped ? swapLastAxes(other) : other, delta.rank)
  const rows = isRight ? delta : swapLastAxes(delta)
  const axis =
    isRight || layout.axis < delta.rank - 2 ? layout.axis : otherOfLastTwo(layout.axis, delta.rank)
  // The last axis of the rows is the parameter's own, so a batch on it would be the parameter's.
  if (axis === rows.rank - 1 || x.shape[axis] !== rows.shape[axis]) return undefined
  const [a, d] = [x, rows].map((tensor) =>
    moveExamplesFirst(tensor, { ...layout, axis }, batchSize),
  )
  const isSwapped = isRight ? transposeB === true : transposeA !== true
  const isOneMatrix = own.size === tf.util.sizeFromShape(own.shape.slice(-2))
  if (isOneMatrix) return createFactored(parameter, byPosition(a!), byPosition(d!), isSwapped)
  const gradient = isSwapped ? tf.matMul(d!, a!, true) : tf.matMul(a!, d!, true)
  const perExample = [batchSize, ...onesBefore(own.shape, gradient.rank - 1)]
  return {
    kind: 'dense',
    parameter,
    size: own.size,
    values: sumToShape(gradient, perExample).reshape([batchSize, own.size]),
  }
}

/** [B, …, d] → [B, T, d] */
const byPosition = (x: Tensor): Tensor => x.reshape([x.shape[0], -1, x.shape.at(-1)!])

const otherOfLastTwo = (axis: number, rank: number): number => 2 * rank - 3 - axis

const onesBefore = (shape: readonly number[], rank: number): number[] => [
  ...Array.from({ length: rank - shape.length }, () => 1),
  ...shape,
]

const inRank = (x: Tensor, rank: number): Tensor =>
  x.rank === rank ? x : x.reshape(onesBefore(x.shape, rank))

/**
 * A sum over products of two operands' elements, by their indices. Where each index of the
 * parameter is in either the other operand or the result, G keeps its factors. Where one is in both
 * (a head's), G is computed.
 */
export function einsum({
  parameter,
  parameterInput,
  call,
  delta,
  layout,
  batchSize,
}: ParameterUse): TensorSegment | undefined {
  const { terms, result } = indicesOf(call.attributes)
  const at = Number(parameterInput)
  const [own, other] = [terms[at]!, terms[1 - at]]
  const x = call.inputs[String(1 - at)]
  const shared = result[layout.axis]
  if (other === undefined || x === undefined || shared === undefined) return undefined
  const isSummedAlone = [own, other].some((term, k) =>
    term.some((index) => !result.includes(index) && ![own, other][1 - k]!.includes(index)),
  )
  const otherAxis = other.indexOf(shared)
  if (otherAxis < 0 || own.includes(shared) || isSummedAlone) return undefined
  // The index of the batch's axis remains, for the positions that share that axis with the batch.
  const batch = unusedIndex([...own, ...other, ...result])
  const a = moveExamplesFirst(x, { ...layout, axis: otherAxis }, batchSize)
  const d = moveExamplesFirst(delta, layout, batchSize)
  const inputIndices = own.filter((index) => other.includes(index))
  const outputIndices = own.filter((index) => result.includes(index))
  const isSwapped = own.join() === [...outputIndices, ...inputIndices].join()
  if (own.join() === [...inputIndices, ...outputIndices].join() || isSwapped) {
    const positions = result.filter((index) => !own.includes(index))
    const lengthOf = (index: string): number => call.inputs[at]!.shape[own.indexOf(index)]!
    const arrange = (tensor: Tensor, from: Indices, last: Indices): Tensor =>
      transposedTo(tensor, [batch, ...from], [batch, ...positions, ...last]).reshape([
        batchSize,
        -1,
        tf.util.sizeFromShape(last.map(lengthOf)),
      ])
    return createFactored(
      parameter,
      arrange(a, other, inputIndices),
      arrange(d, result, outputIndices),
      isSwapped,
    )
  }
  const equation = `${batch}${result.join('')},${batch}${other.join('')}->${batch}${own.join('')}`
  const values = tf.einsum(equation, d, a)
  const size = values.size / batchSize
  return { kind: 'dense', parameter, size, values: values.reshape([batchSize, size]) }
}

const unusedIndex = (used: readonly string[]): string =>
  'abcdefghijklmnopqrstuvwxyz'.split('').find((index) => !used.includes(index))!

/** a [B, T, d] and δ [B, T, p]; of a transposed matrix, [p, d], in the other order. */
function createFactored(
  parameter: string,
  a: Tensor,
  delta: Tensor,
  isTransposed: boolean,
): TensorSegment {
  const [first, second] = isTransposed ? [delta, a] : [a, delta]
  return {
    kind: 'factored',
    parameter,
    positions: a.shape[1]!,
    inputSize: first.shape[2]!,
    outputSize: second.shape[2]!,
    a: first,
    delta: second,
  }
}

function transposedTo(x: Tensor, from: Indices, to: Indices): Tensor {
  if (from.join() === to.join()) return x
  return tf.transpose(
    x,
    to.map((index) => from.indexOf(index)),
  )
}

/** The last two axes swapped. */
function swapLastAxes(x: Tensor): Tensor {
  const axes = x.shape.map((_, axis) => axis)
  return tf.transpose(x, [...axes.slice(0, -2), x.rank - 1, x.rank - 2])
}

import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import type { ParameterUse } from './parameter-use.js'
import { type Indices, indicesOf } from '../repairs/arithmetic/einsum.js'
import { sumToShape } from '../repairs/sum-to-shape.js'
import type { TensorSegment } from './tensor-segment.js'

/** Products of matrices: the parameter on either side, one matrix for all or one for each head. */
export function matMul(use: ParameterUse): TensorSegment | undefined {
  const { a, b } = use.call.inputs
  if (a === undefined || b === undefined) return undefined
  const own = use.call.inputs[use.parameterInput]!
  const isOneMatrix = own.size === tf.util.sizeFromShape(own.shape.slice(-2))
  if (!isOneMatrix) return matrixPerHead(use, own)
  return use.parameterInput === 'b' ? matrixOnTheRight(use, a) : matrixOnTheLeft(use, b)
}

/** [B·T, d] · [d, p]: G = Σ_t a_t δ_tᵀ. With the weights transposed the roles are swapped. */
function matrixOnTheRight(
  { parameter, call, delta, batchSize }: ParameterUse,
  a: Tensor,
): TensorSegment | undefined {
  const { transposeA, transposeB } = call.attributes
  if (transposeA === true) return undefined
  const inputSize = a.shape.at(-1)!
  const outputSize = delta.shape.at(-1)!
  const positions = a.size / inputSize / batchSize
  if (!Number.isInteger(positions)) return undefined
  return factored(
    parameter,
    a.reshape([batchSize, positions, inputSize]),
    delta.reshape([batchSize, positions, outputSize]),
    transposeB === true,
  )
}

/** [p, d] · [B, …, d, n]: G = Σ_t δ_t a_tᵀ over the n columns. */
function matrixOnTheLeft(
  { parameter, call, delta, batchSize }: ParameterUse,
  b: Tensor,
): TensorSegment | undefined {
  const { transposeA, transposeB } = call.attributes
  if (b.rank < 3 || b.shape[0] !== batchSize) return undefined
  const columnsLast = (x: Tensor, isTransposed: boolean): Tensor => {
    const rows = isTransposed ? x : swapped(x)
    return rows.reshape([batchSize, -1, rows.shape.at(-1)!])
  }
  return factored(
    parameter,
    columnsLast(delta, false),
    columnsLast(b, transposeB === true),
    transposeA === true,
  )
}

/** [B, h, T, d] · [h, d, p]: G of each head by itself. */
function matrixPerHead(
  { parameter, parameterInput, call, delta, batchSize }: ParameterUse,
  own: Tensor,
): TensorSegment | undefined {
  const { a, b } = call.inputs as { a: Tensor; b: Tensor }
  const { transposeA, transposeB } = call.attributes as Record<string, boolean>
  const other = parameterInput === 'b' ? a : b
  const ownShape = own.rank === other.rank && own.shape[0] === 1 ? own.shape.slice(1) : own.shape
  if (other.rank <= ownShape.length || other.shape[0] !== batchSize) return undefined
  const gradient =
    parameterInput === 'b'
      ? transposeB
        ? tf.matMul(delta, a, true, transposeA)
        : tf.matMul(a, delta, !transposeA, false)
      : transposeA
        ? tf.matMul(b, delta, transposeB, true)
        : tf.matMul(delta, b, false, !transposeB)
  const ones = Array.from({ length: gradient.rank - 1 - ownShape.length }, () => 1)
  const perExample = [batchSize, ...ones, ...ownShape]
  return {
    kind: 'dense',
    parameter,
    size: own.size,
    values: sumToShape(gradient, perExample).reshape([batchSize, own.size]),
  }
}

/**
 * A sum over products of two operands' elements, by their indices. Where each index of the parameter stands either in
 * the other operand or in the result, the gradient has factors; where one stands in both (a head's), it is formed.
 */
export function einsum({
  parameter,
  parameterInput,
  call,
  delta,
  batchSize,
}: ParameterUse): TensorSegment | undefined {
  const { terms, result } = indicesOf(call.attributes)
  const at = Number(parameterInput)
  const [own, other] = [terms[at]!, terms[1 - at]]
  const x = call.inputs[String(1 - at)]
  const [batch] = result
  if (other === undefined || x === undefined || batch === undefined) return undefined
  const isBatchFirst = other[0] === batch && x.shape[0] === batchSize && !own.includes(batch)
  const isSummedAlone = [own, other].some((term, k) =>
    term.some((index) => !result.includes(index) && ![own, other][1 - k]!.includes(index)),
  )
  if (!isBatchFirst || isSummedAlone) return undefined
  const inputIndices = own.filter((index) => other.includes(index))
  const outputIndices = own.filter((index) => result.includes(index))
  const isSwapped = own.join() === [...outputIndices, ...inputIndices].join()
  if (own.join() === [...inputIndices, ...outputIndices].join() || isSwapped) {
    const positions = result.slice(1).filter((index) => !own.includes(index))
    const lengthOf = (index: string): number => call.inputs[at]!.shape[own.indexOf(index)]!
    const arranged = (tensor: Tensor, from: Indices, last: Indices): Tensor =>
      transposedTo(tensor, from, [batch, ...positions, ...last]).reshape([
        batchSize,
        -1,
        tf.util.sizeFromShape(last.map(lengthOf)),
      ])
    return factored(
      parameter,
      arranged(x, other, inputIndices),
      arranged(delta, result, outputIndices),
      isSwapped,
    )
  }
  const equation = `${result.join('')},${other.join('')}->${batch}${own.join('')}`
  const values = tf.einsum(equation, delta, x)
  const size = values.size / batchSize
  return { kind: 'dense', parameter, size, values: values.reshape([batchSize, size]) }
}

/** a [B, T, d] and δ [B, T, p]; of a transposed matrix, [p, d], in the other order. */
function factored(
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

function swapped(x: Tensor): Tensor {
  const axes = x.shape.map((_, axis) => axis)
  return tf.transpose(x, [...axes.slice(0, -2), x.rank - 1, x.rank - 2])
}

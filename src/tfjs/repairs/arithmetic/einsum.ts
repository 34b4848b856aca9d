import * as tf from '@tensorflow/tfjs'
import type { Attributes, Gradient, Kernel } from '../../kernel.js'

/** One letter per axis. */
export type Indices = readonly string[]

/**
 * The wasm backend has no Einsum. One or two operands, as in tfjs: no repeated index within one, no
 * ellipsis.
 */
export const einsum: Kernel = (inputs, attributes) =>
  tf.tidy(() => {
    const { terms, result } = indicesOf(attributes)
    return contract(terms, Object.values(inputs), result)
  })

/**
 * The gradient of an operand is the contraction of dy with the other operand to the operand's own
 * indices.
 */
export const einsumGradient: Gradient = ([dy], { inputs, attributes }) => {
  const { terms, result } = indicesOf(attributes)
  const operands = Object.values(inputs)
  return Object.fromEntries(
    terms.map((term, own) => [
      String(own),
      () =>
        tf.tidy(() => {
          const { shape } = operands[own]!
          const others = operands.filter((_, index) => index !== own)
          const otherTerms = terms.filter((_, index) => index !== own)
          // An index that the operand alone has was summed over: there the gradient is constant.
          const shared = term.filter(
            (index) => result.includes(index) || otherTerms.some((other) => other.includes(index)),
          )
          const gradient = contract([result, ...otherTerms], [dy!, ...others], shared)
          const kept = shape.map((length, axis) => (shared.includes(term[axis]!) ? length : 1))
          return tf.mul(tf.reshape(gradient, kept), tf.ones(shape))
        }),
    ]),
  )
}

export function indicesOf(attributes: Attributes): { terms: Indices[]; result: Indices } {
  const { equation } = attributes as { equation: string }
  const [left = '', result = ''] = equation.replaceAll(' ', '').split('->')
  return { terms: left.split(',').map((term) => term.split('')), result: result.split('') }
}

/**
 * As one batched product of matrices: what both have and the result keeps is batch, what it does
 * not is summed.
 */
function contract(
  terms: readonly Indices[],
  operands: readonly tf.Tensor[],
  result: Indices,
): tf.Tensor {
  const [termA = [], termB] = terms
  const [operandA, operandB] = operands
  if (termB === undefined || operandB === undefined) {
    return arrange(...sumOut(operandA!, termA, result), result)
  }
  const [a, indicesA] = sumOut(operandA!, termA, [...termB, ...result])
  const [b, indicesB] = sumOut(operandB, termB, [...termA, ...result])
  const common = indicesA.filter((index) => indicesB.includes(index))
  const batch = common.filter((index) => result.includes(index))
  const inner = common.filter((index) => !result.includes(index))
  const rows = indicesA.filter((index) => !indicesB.includes(index))
  const columns = indicesB.filter((index) => !indicesA.includes(index))
  const lengths = new Map([
    ...indicesA.map((index, axis) => [index, a.shape[axis]!] as const),
    ...indicesB.map((index, axis) => [index, b.shape[axis]!] as const),
  ])
  const shapeOf = (indices: Indices): number[] => indices.map((index) => lengths.get(index)!)
  const matrices = (x: tf.Tensor, from: Indices, height: Indices, width: Indices): tf.Tensor =>
    tf.reshape(
      arrange(x, from, [...batch, ...height, ...width]),
      [batch, height, width].map((indices) => tf.util.sizeFromShape(shapeOf(indices))),
    )
  const product = tf.matMul(
    matrices(a, indicesA, rows, inner),
    matrices(b, indicesB, inner, columns),
  )
  const indices = [...batch, ...rows, ...columns]
  return arrange(tf.reshape(product, shapeOf(indices)), indices, result)
}

/** Sums over the indices that stand nowhere else. */
function sumOut(x: tf.Tensor, indices: Indices, elsewhere: Indices): [tf.Tensor, Indices] {
  const axes = indices.flatMap((index, axis) => (elsewhere.includes(index) ? [] : [axis]))
  if (axes.length === 0) return [x, indices]
  return [tf.sum(x, axes), indices.filter((index) => elsewhere.includes(index))]
}

function arrange(x: tf.Tensor, from: Indices, to: Indices): tf.Tensor {
  if (from.join() === to.join()) return x.clone()
  const order = to.map((index) => from.indexOf(index))
  return tf.transpose(x, order)
}

import * as tf from '@tensorflow/tfjs'
import type { Gradient, Kernel } from '../kernel.js'

/** The wasm backend has no Einsum. One or two operands, as in tfjs: no repeated index within one, no ellipsis. */
export const einsum: Kernel = (inputs, attributes) =>
  tf.tidy(() => {
    const { terms, result } = parse(attributes)
    return contract(terms, Object.values(inputs), result)
  })

/** The gradient of an operand is the contraction of dy with the other operand to the operand's own indices. */
export const einsumGradient: Gradient = ([dy], { inputs, attributes }) => {
  const { terms, result } = parse(attributes)
  const operands = Object.values(inputs)
  return Object.fromEntries(
    terms.map((term, own) => [
      String(own),
      () =>
        tf.tidy(() => {
          const { shape } = operands[own] as tf.Tensor
          const others = operands.filter((_, index) => index !== own)
          const otherTerms = terms.filter((_, index) => index !== own)
          // An index that the operand alone has was summed over: there the gradient is constant.
          const shared = [...term].filter(
            (index) => result.includes(index) || otherTerms.some((other) => other.includes(index)),
          )
          const gradient = contract(
            [result, ...otherTerms],
            [dy as tf.Tensor, ...others],
            shared.join(''),
          )
          const kept = shape.map((length, axis) =>
            shared.includes(term[axis] as string) ? length : 1,
          )
          return tf.mul(tf.reshape(gradient, kept), tf.ones(shape))
        }),
    ]),
  )
}

function parse(attributes: Readonly<Record<string, unknown>>): { terms: string[]; result: string } {
  const { equation } = attributes as { equation: string }
  const [left = '', result = ''] = equation.replaceAll(' ', '').split('->')
  return { terms: left.split(','), result }
}

function contract(
  terms: readonly string[],
  operands: readonly tf.Tensor[],
  result: string,
): tf.Tensor {
  const [firstTerm = '', secondTerm] = terms
  const [first, second] = operands as [tf.Tensor, tf.Tensor | undefined]
  if (secondTerm === undefined || second === undefined) {
    const [x, left] = sumOut(first, firstTerm, result)
    return arrange(x, left, result)
  }
  const [a, indicesA] = sumOut(first, firstTerm, secondTerm + result)
  const [b, indicesB] = sumOut(second, secondTerm, firstTerm + result)
  const common = [...indicesA].filter((index) => indicesB.includes(index))
  const batch = common.filter((index) => result.includes(index)).join('')
  const inner = common.filter((index) => !result.includes(index)).join('')
  const rows = [...indicesA].filter((index) => !indicesB.includes(index)).join('')
  const columns = [...indicesB].filter((index) => !indicesA.includes(index)).join('')
  const lengths = new Map([
    ...[...indicesA].map((index, axis) => [index, a.shape[axis]] as [string, number]),
    ...[...indicesB].map((index, axis) => [index, b.shape[axis]] as [string, number]),
  ])
  const shapeOf = (indices: string): number[] =>
    [...indices].map((index) => lengths.get(index) ?? 1)
  const sizeOf = (indices: string): number => tf.util.sizeFromShape(shapeOf(indices))
  const matrices = (x: tf.Tensor, indices: string, height: string, width: string): tf.Tensor =>
    tf.reshape(arrange(x, indices, batch + height + width), [
      sizeOf(batch),
      sizeOf(height),
      sizeOf(width),
    ])
  const product = tf.matMul(
    matrices(a, indicesA, rows, inner),
    matrices(b, indicesB, inner, columns),
  )
  const indices = batch + rows + columns
  return arrange(tf.reshape(product, shapeOf(indices)), indices, result)
}

/** Sums over the indices that stand nowhere else. */
function sumOut(x: tf.Tensor, indices: string, elsewhere: string): [tf.Tensor, string] {
  const axes = [...indices].flatMap((index, axis) => (elsewhere.includes(index) ? [] : [axis]))
  if (axes.length === 0) return [x, indices]
  return [tf.sum(x, axes), [...indices].filter((index) => elsewhere.includes(index)).join('')]
}

function arrange(x: tf.Tensor, from: string, to: string): tf.Tensor {
  if (from === to) return x.clone()
  return tf.transpose(
    x,
    [...to].map((index) => from.indexOf(index)),
  )
}

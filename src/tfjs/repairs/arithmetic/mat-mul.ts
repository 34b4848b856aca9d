import * as tf from '@tensorflow/tfjs'
import { UnsupportedError } from '../../../errors.js'
import type { Gradient, PartialRepair } from '../../kernel.js'
import { findHeap } from '../../kernels/heap.js'
import { multiplyMatrices } from '../../kernels/matrices.js'
import { sumToShape } from '../sum-to-shape.js'

/**
 * C = A·B, either transposed; tfjs's own gradient keeps the output's batch where an operand was
 * broadcast.
 */
export const batchMatMulGradient: Gradient = ([dy], { inputs, attributes }) => {
  const { a, b } = inputs as { a: tf.Tensor; b: tf.Tensor }
  const outputGradient = dy!
  const batches = [a, b].map(({ shape }) => tf.util.sizeFromShape(shape.slice(0, -2)))
  if (!batches.includes(tf.util.sizeFromShape(outputGradient.shape.slice(0, -2)))) {
    throw new UnsupportedError(
      'BatchMatMul',
      `A product of matrices of shapes [${a.shape.join(', ')}] and [${b.shape.join(', ')}], where each operand is ` +
        'repeated along an axis of the other, is computed wrongly by TensorFlow.js; tile one of them first.',
    )
  }
  const { transposeA, transposeB } = attributes as { transposeA: boolean; transposeB: boolean }
  return {
    a: () =>
      tf.tidy(() => {
        const gradient = transposeA
          ? multiply(b, outputGradient, transposeB, true)
          : multiply(outputGradient, b, false, !transposeB)
        return sumToShape(gradient, a.shape)
      }),
    b: () =>
      tf.tidy(() => {
        const gradient = transposeB
          ? multiply(outputGradient, a, true, transposeA)
          : multiply(a, outputGradient, !transposeA, false)
        return sumToShape(gradient, b.shape)
      }),
  }
}

/**
 * Multiplies two matrices. Without kernels of ours, a product with a transposed operand runs in a
 * plain loop on wasm, and every new right operand is packed again. So A·Bᵀ or (B·Aᵀ)ᵀ is faster,
 * whichever has the smaller right operand: 5 times for a dense layer's weights.
 */
function multiply(a: tf.Tensor, b: tf.Tensor, transposeA: boolean, transposeB: boolean): tf.Tensor {
  if (tf.getBackend() !== 'wasm' || findHeap() !== undefined) {
    return tf.matMul(a, b, transposeA, transposeB)
  }
  const left = transposeA ? transpose(a) : a
  if (!transposeB) return tf.matMul(left, b)
  if (b.size > left.size) return transpose(tf.matMul(b, transpose(left)))
  return tf.matMul(left, transpose(b))
}

function transpose(x: tf.Tensor): tf.Tensor {
  const axes = x.shape.map((_, axis) => axis)
  return tf.transpose(x, [...axes.slice(0, -2), x.rank - 1, x.rank - 2])
}

/**
 * For wasm, whose own kernel multiplies in a plain loop where an operand is transposed or there are
 * several matrices: 50 times as long for the heads of an encoder. Its plain product keeps a packed
 * copy of each right operand, which can find no room.
 */
export const productOnHeap: PartialRepair = {
  isNeeded({ a, b }) {
    if (findHeap() === undefined || a!.dtype !== 'float32' || b!.dtype !== 'float32') return false
    if (a!.size === 0 || b!.size === 0) return false
    const [outerA, outerB] = [a, b].map((x) => x!.shape.slice(0, -2)) as [number[], number[]]
    const isShared = [outerA, outerB].some((outer) => tf.util.sizeFromShape(outer) === 1)
    return isShared || tf.util.arraysEqual(outerA, outerB)
  },
  kernel: ({ a, b }, { transposeA, transposeB }) =>
    multiplyMatrices(a!, b!, transposeA === true, transposeB === true)!,
}

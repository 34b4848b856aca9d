import * as tf from '@tensorflow/tfjs'
import type { Attributes, PartialRepair } from '../../kernel.js'

interface Matrices {
  readonly values: ArrayLike<number>
  readonly count: number
  readonly rows: number
  readonly columns: number
  readonly isTransposed: boolean
}

/**
 * For wasm, whose products of matrices are of floats alone. On the host: such products are of masks
 * and counts.
 */
export const productOfIntegers: PartialRepair = {
  isNeeded: ({ a, b }) => a!.dtype !== 'float32' || b!.dtype !== 'float32',
  kernel: ({ a, b }, attributes) => {
    const left = matricesOf(a!, attributes['transposeA'])
    const right = matricesOf(b!, attributes['transposeB'])
    const count = Math.max(left.count, right.count)
    const size = left.rows * right.columns
    const product = new Int32Array(count * size)
    for (let k = 0; k < count; k++) {
      for (let row = 0; row < left.rows; row++) {
        for (let column = 0; column < right.columns; column++) {
          let sum = 0
          for (let inner = 0; inner < left.columns; inner++) {
            sum += elementOf(left, k, row, inner) * elementOf(right, k, inner, column)
          }
          product[k * size + row * right.columns + column] = sum
        }
      }
    }
    const batch = (left.count > right.count ? a! : b!).shape.slice(0, -2)
    return tf.tensor(product, [...batch, left.rows, right.columns], 'int32')
  },
}

function matricesOf(x: tf.Tensor, isTransposed: Attributes[string]): Matrices {
  const [height, width] = x.shape.slice(-2) as [number, number]
  const count = tf.util.sizeFromShape(x.shape.slice(0, -2))
  const values = x.dataSync()
  return isTransposed === true
    ? { values, count, rows: width, columns: height, isTransposed: true }
    : { values, count, rows: height, columns: width, isTransposed: false }
}

/** A single matrix is the same for the whole batch. */
function elementOf(
  { values, count, rows, columns, isTransposed }: Matrices,
  k: number,
  row: number,
  column: number,
): number {
  const start = (count === 1 ? 0 : k) * rows * columns
  return values[start + (isTransposed ? column * rows + row : row * columns + column)]!
}

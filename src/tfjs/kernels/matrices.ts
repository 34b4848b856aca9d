import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { bytesPerFloat32 } from '../../gradients/numbers/byte-sizes.js'
import { findHeap } from './heap.js'

/**
 * With fewer rows, rearranging a right matrix whose columns are contiguous takes longer than the
 * product. Its transpose, times that of the left matrix, gives the product's transpose.
 */
const fewRows = 16

/**
 * Multiplies the last two axes of two float32 tensors, either transposed. The axes before them are
 * equal, or one tensor has a single matrix. Undefined where there is no heap.
 */
export function multiplyMatrices(
  a: Tensor,
  b: Tensor,
  transposeA: boolean,
  transposeB: boolean,
): Tensor | undefined {
  const onHeap = findHeap()
  if (onHeap === undefined) return undefined
  const { kernels, scratch, addressOf, allocate } = onHeap
  const [own, right] = [matricesOf(a, transposeA), matricesOf(b, transposeB)]
  const outer = tf.broadcast_util.assertAndGetBroadcastShape(
    a.shape.slice(0, -2),
    b.shape.slice(0, -2),
  )
  const product = allocate([...outer, own.rows, right.columns])
  // One right matrix meets the rows of all left ones.
  const left =
    right.count === 1 && !transposeA ? { ...own, count: 1, rows: own.count * own.rows } : own
  const rowStep = right.columns * bytesPerFloat32
  const isTurned = right.columnStep !== bytesPerFloat32 && left.rows < fewRows
  const [one, other] = isTurned ? [turned(right), turned(left)] : [left, right]
  kernels.multiplyMatrices(
    ...[...(isTurned ? [b, a] : [a, b]), product].map(addressOf),
    scratch,
    ...[Math.max(one.count, other.count), one.rows, one.columns, other.columns],
    ...[one.step, one.rowStep, one.columnStep, other.step, other.rowStep, other.columnStep],
    ...(isTurned ? [bytesPerFloat32, rowStep] : [rowStep, bytesPerFloat32]),
  )
  return product
}

interface Matrices {
  readonly count: number
  readonly rows: number
  readonly columns: number
  /** From one matrix, row or column to the next, in bytes. */
  readonly step: number
  readonly rowStep: number
  readonly columnStep: number
}

/** The matrices of a tensor, as they are multiplied. */
function matricesOf({ shape }: Tensor, isTransposed: boolean): Matrices {
  const [rows, columns] = shape.slice(-2) as [number, number]
  const count = tf.util.sizeFromShape(shape.slice(0, -2))
  const rowStep = columns * bytesPerFloat32
  const step = count === 1 ? 0 : rows * rowStep
  const matrices = { count, rows, columns, step, rowStep, columnStep: bytesPerFloat32 }
  return isTransposed ? turned(matrices) : matrices
}

const turned = ({ rows, columns, rowStep, columnStep, ...others }: Matrices): Matrices => ({
  ...others,
  ...{ rows: columns, columns: rows, rowStep: columnStep, columnStep: rowStep },
})

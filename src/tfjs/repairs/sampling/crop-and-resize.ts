import * as tf from '@tensorflow/tfjs'
import type { Gradient } from '../../kernel.js'
import { runKernel } from '../run-kernel.js'

interface CropAttributes {
  readonly cropSize: readonly [number, number]
}

/**
 * As for a resize, what the forward kernel makes of the identity is each box's matrix for rows and
 * for columns; samples outside the image have rows of zeros. The boxes themselves have no gradient.
 */
export const cropAndResizeGradient: Gradient = ([dy], { inputs, attributes }) => ({
  image: () =>
    tf.tidy(() => {
      const { image, boxes, boxInd } = inputs as Record<'image' | 'boxes' | 'boxInd', tf.Tensor>
      const [batch, height, width, channels] = image.shape as [number, number, number, number]
      const [rows, columns] = (attributes as unknown as CropAttributes).cropSize
      const count = boxes.shape[0]
      const [top, left, bottom, right] = tf.split(boxes, 4, 1) as [
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
      ]
      const zero = tf.zerosLike(top)
      const matrices = (
        imageShape: number[],
        corners: tf.Tensor[],
        cropSize: number[],
      ): tf.Tensor =>
        runKernel(
          'CropAndResize',
          {
            image: tf.reshape(tf.eye(Math.max(...imageShape)), imageShape),
            boxes: tf.concat(corners, 1),
            boxInd: tf.zerosLike(boxInd),
          },
          { ...attributes, cropSize, extrapolationValue: 0 },
        )
      const byRow = tf.reshape(
        matrices([1, height, 1, height], [top, zero, bottom, zero], [rows, 1]),
        [count, rows, height],
      )
      const byColumn = tf.reshape(
        matrices([1, 1, width, width], [zero, left, zero, right], [1, columns]),
        [count, columns, width],
      )
      const overRows = tf.matMul(byRow, tf.reshape(dy!, [count, rows, columns * channels]), true)
      const exchanged = tf.transpose(
        tf.reshape(overRows, [count, height, columns, channels]),
        [0, 1, 3, 2],
      )
      const overColumns = tf.matMul(
        tf.reshape(exchanged, [count, height * channels, columns]),
        byColumn,
      )
      const perBox = tf.transpose(
        tf.reshape(overColumns, [count, height, channels, width]),
        [0, 1, 3, 2],
      )
      return tf.unsortedSegmentSum(perBox, boxInd as tf.Tensor1D, batch)
    }),
})

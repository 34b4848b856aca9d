import * as tf from '@tensorflow/tfjs'
import { depthwiseFilterGradients, depthwiseInputGradient } from '../../kernels/window-gradients.js'
import { selectMetByTap } from '../axes.js'
import { arrangeForInput, readDilations } from './conv-2d.js'
import { createConvolutionRepairs, type ConvolutionRepairs } from './convolution-repairs.js'
import type { WindowAxis } from '../window.js'

type Shape4D = [number, number, number, number]

/**
 * ∂/∂x as a forward depthwise convolution of the spread dy with the rotated filter, summed over the
 * multiplier.
 */
function inputGradient(dy: tf.Tensor, filter: tf.Tensor, axes: readonly WindowAxis[]): tf.Tensor {
  const strided = depthwiseInputGradient(dy, filter, axes)
  if (strided !== undefined) return strided
  const [height, width, channels, multiplier] = filter.shape as Shape4D
  const rotated = tf.reshape(tf.reverse(filter, [0, 1]), [height, width, channels * multiplier, 1])
  const [spaced, padding] = arrangeForInput(dy, axes)
  const gradient = tf.depthwiseConv2d(
    spaced,
    rotated as tf.Tensor4D,
    1,
    padding,
    'NHWC',
    readDilations(axes),
  )
  if (multiplier === 1) return gradient
  const [batch, rows, columns] = gradient.shape
  return tf.sum(tf.reshape(gradient, [batch, rows, columns, channels, multiplier]), -1)
}

/** ∂/∂filter tap by tap: the inputs that the tap met, times dy, summed over batch and positions. */
function filterGradient(
  x: tf.Tensor,
  dy: tf.Tensor,
  axes: readonly WindowAxis[],
  filterShape: readonly number[],
): tf.Tensor {
  const perExample = depthwiseFilterGradients(x, dy, filterShape, axes)
  if (perExample !== undefined) return tf.reshape(tf.sum(perExample, 0), [...filterShape])
  const multiplier = filterShape[3]!
  const [rows, columns] = axes as [WindowAxis, WindowAxis]
  const channels = x.shape[3]!
  // On wasm only operands of one shape have a fast product.
  const perTap = multiplier === 1 ? [-1, channels] : [-1, channels, 1]
  const weights = tf.reshape(dy, multiplier === 1 ? [-1, channels] : [-1, channels, multiplier])
  const taps: tf.Tensor[] = []
  for (let row = 0; row < rows.taps; row++) {
    const metByRow = selectMetByTap(x, 1, rows, row)
    for (let column = 0; column < columns.taps; column++) {
      const met = tf.reshape(selectMetByTap(metByRow, 2, columns, column), perTap)
      taps.push(tf.sum(tf.mul(met, weights), 0))
    }
  }
  return tf.reshape(tf.stack(taps), [rows.taps, columns.taps, channels, multiplier])
}

export const depthwiseConv2D: ConvolutionRepairs = createConvolutionRepairs({
  forward: 'DepthwiseConv2dNative',
  backpropInput: 'DepthwiseConv2dNativeBackpropInput',
  backpropFilter: 'DepthwiseConv2dNativeBackpropFilter',
  spatialRank: 2,
  inputGradient,
  filterGradient,
})

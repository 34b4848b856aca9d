import * as tf from '@tensorflow/tfjs'
import type { Attributes, Gradient, Kernel } from '../kernel.js'
import { metByTap } from './axes.js'
import { arrangeForInput, dilationsOf } from './conv-2d.js'
import { runKernel } from './run-kernel.js'
import { windowAxes, type WindowAxis } from './window.js'

type Shape4D = [number, number, number, number]

/** ∂/∂x as a forward depthwise convolution of the spread dy with the rotated filter, summed over the multiplier. */
function inputGradient(dy: tf.Tensor, filter: tf.Tensor, axes: readonly WindowAxis[]): tf.Tensor {
  const [height, width, channels, multiplier] = filter.shape as Shape4D
  const rotated = tf.reshape(tf.reverse(filter, [0, 1]), [height, width, channels * multiplier, 1])
  const [spaced, padding] = arrangeForInput(dy, axes)
  const gradient = tf.depthwiseConv2d(
    spaced,
    rotated as tf.Tensor4D,
    1,
    padding,
    'NHWC',
    dilationsOf(axes),
  )
  if (multiplier === 1) return gradient
  const [batch, rows, columns] = gradient.shape
  return tf.sum(tf.reshape(gradient, [batch, rows, columns, channels, multiplier]), -1)
}

/** ∂/∂filter tap by tap: the inputs that the tap met, times dy, summed over batch and positions. */
function filterGradient(
  x: tf.Tensor,
  dy: tf.Tensor,
  multiplier: number,
  axes: readonly WindowAxis[],
): tf.Tensor {
  const [rows, columns] = axes as [WindowAxis, WindowAxis]
  const channels = x.shape[3]!
  // On wasm only operands of one shape have a fast product.
  const perTap = multiplier === 1 ? [-1, channels] : [-1, channels, 1]
  const weights = tf.reshape(dy, multiplier === 1 ? [-1, channels] : [-1, channels, multiplier])
  const taps: tf.Tensor[] = []
  for (let row = 0; row < rows.taps; row++) {
    const metByRow = metByTap(x, 1, rows, row)
    for (let column = 0; column < columns.taps; column++) {
      const met = tf.reshape(metByTap(metByRow, 2, columns, column), perTap)
      taps.push(tf.sum(tf.mul(met, weights), 0))
    }
  }
  return tf.reshape(tf.stack(taps), [rows.taps, columns.taps, channels, multiplier])
}

interface BackpropAttributes {
  readonly inputShape: readonly number[]
  readonly filterShape: readonly number[]
}

export const depthwiseBackpropInput: Kernel = ({ dy, filter }, attributes) =>
  tf.tidy(() => {
    const { inputShape } = attributes as unknown as BackpropAttributes
    const axes = axesOf(inputShape, dy!.shape, filter!.shape, attributes)
    return inputGradient(dy!, filter!, axes)
  })

export const depthwiseBackpropFilter: Kernel = ({ x, dy }, attributes) =>
  tf.tidy(() => {
    const { filterShape } = attributes as unknown as BackpropAttributes
    const axes = axesOf(x!.shape, dy!.shape, filterShape, attributes)
    return filterGradient(x!, dy!, filterShape[3]!, axes)
  })

/** TensorFlow.js's own has none for dilations, which its backward kernels take and ignore. */
export const depthwiseConv2DGradient: Gradient = ([dy], { inputs, attributes }) => {
  const { x, filter } = inputs as { x: tf.Tensor; filter: tf.Tensor }
  const axes = axesOf(x.shape, dy!.shape, filter.shape, attributes)
  const dilated = axes.some(({ dilation }) => dilation !== 1)
  return {
    x: () =>
      dilated
        ? tf.tidy(() => inputGradient(dy!, filter, axes))
        : runKernel(
            'DepthwiseConv2dNativeBackpropInput',
            { dy: dy!, filter },
            { ...attributes, dilations: 1, inputShape: x.shape },
          ),
    filter: () =>
      dilated
        ? tf.tidy(() => filterGradient(x, dy!, filter.shape[3]!, axes))
        : runKernel(
            'DepthwiseConv2dNativeBackpropFilter',
            { x, dy: dy! },
            { ...attributes, dilations: 1, filterShape: filter.shape },
          ),
  }
}

function axesOf(
  inputShape: readonly number[],
  outputShape: readonly number[],
  filterShape: readonly number[],
  attributes: Attributes,
): WindowAxis[] {
  const taps = filterShape.slice(0, 2)
  return windowAxes('DepthwiseConv2dNative', inputShape, outputShape, taps, attributes)
}

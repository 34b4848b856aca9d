import * as tf from '@tensorflow/tfjs'
import type { Attributes, Gradient, Kernel } from '../kernel.js'
import { metByTap, putBack } from './axes.js'
import { convolutionFilterGradient, convolutionInputGradient } from './conv-2d.js'
import { runKernel } from './run-kernel.js'
import { windowAxes, type WindowAxis } from './window.js'

type Axes = readonly [WindowAxis, WindowAxis, WindowAxis]

/** ∂/∂x: for each tap along the depth a 2-D gradient of all planes at once, put back to the depths that it met. */
function inputGradient(dy: tf.Tensor, filter: tf.Tensor, axes: Axes): tf.Tensor {
  const [depth, ...plane] = axes
  const [batch = 1, planes = 1, ...rest] = dy.shape
  const outputs = tf.reshape(dy, [batch * planes, ...rest])
  const parts = tf.unstack(filter).map((filterPlane, tap) => {
    const part = convolutionInputGradient(outputs, filterPlane, plane)
    return putBack(tf.reshape(part, [batch, planes, ...part.shape.slice(1)]), 1, depth, tap)
  })
  return tf.addN(parts)
}

/** ∂/∂filter: for each tap along the depth a 2-D gradient over the planes that it met. */
function filterGradient(x: tf.Tensor, dy: tf.Tensor, axes: Axes): tf.Tensor {
  const [depth, ...plane] = axes
  const outputs = tf.reshape(dy, [-1, ...dy.shape.slice(2)])
  const taps = Array.from({ length: depth.taps }, (_, tap) => {
    const met = tf.reshape(metByTap(x, 1, depth, tap), [-1, ...x.shape.slice(2)])
    return convolutionFilterGradient(met, outputs, plane)
  })
  return tf.stack(taps)
}

interface BackpropAttributes {
  readonly inputShape: readonly number[]
  readonly filterShape: readonly number[]
}

export const conv3DBackpropInput: Kernel = ({ dy, filter }, attributes) =>
  tf.tidy(() => {
    const { inputShape } = attributes as unknown as BackpropAttributes
    const axes = axesOf(inputShape, dy!.shape, filter!.shape, attributes)
    return inputGradient(dy!, filter!, axes)
  })

export const conv3DBackpropFilter: Kernel = ({ x, dy }, attributes) =>
  tf.tidy(() => {
    const { filterShape } = attributes as unknown as BackpropAttributes
    const axes = axesOf(x!.shape, dy!.shape, filterShape, attributes)
    return filterGradient(x!, dy!, axes)
  })

/** TensorFlow.js's own has none for dilations; without them its backward kernels stay in use. */
export const conv3DGradient: Gradient = ([dy], { inputs, attributes }) => {
  const { x, filter } = inputs as { x: tf.Tensor; filter: tf.Tensor }
  const axes = axesOf(x.shape, dy!.shape, filter.shape, attributes)
  const dilated = axes.some(({ dilation }) => dilation !== 1)
  return {
    x: () =>
      dilated
        ? tf.tidy(() => inputGradient(dy!, filter, axes))
        : runKernel(
            'Conv3DBackpropInputV2',
            { dy: dy!, filter },
            { ...attributes, inputShape: x.shape },
          ),
    filter: () =>
      dilated
        ? tf.tidy(() => filterGradient(x, dy!, axes))
        : runKernel(
            'Conv3DBackpropFilterV2',
            { x, dy: dy! },
            { ...attributes, filterShape: filter.shape },
          ),
  }
}

/** A transposed convolution is this backward kernel run forwards; tfjs has the gradient of the 2-D one alone. */
export const conv3DTransposeGradient: Gradient = ([dx], { inputs, attributes }) => {
  const { dy, filter } = inputs as { dy: tf.Tensor; filter: tf.Tensor }
  const { strides, pad } = attributes as {
    strides: [number, number, number]
    pad: 'valid' | 'same'
  }
  return {
    dy: () => tf.conv3d(dx as tf.Tensor5D, filter as tf.Tensor5D, strides, pad),
    filter: () =>
      runKernel(
        'Conv3DBackpropFilterV2',
        { x: dx!, dy },
        { ...attributes, filterShape: filter.shape },
      ),
  }
}

function axesOf(
  inputShape: readonly number[],
  outputShape: readonly number[],
  filterShape: readonly number[],
  attributes: Attributes,
): Axes {
  const taps = filterShape.slice(0, 3)
  return windowAxes('Conv3D', inputShape, outputShape, taps, attributes) as unknown as Axes
}

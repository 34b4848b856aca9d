import * as tf from '@tensorflow/tfjs'
import type { Gradient } from '../../kernel.js'
import { selectMetByTap, putBack } from '../axes.js'
import { convolutionFilterGradient, convolutionInputGradient } from './conv-2d.js'
import { createConvolutionRepairs, type ConvolutionRepairs } from './convolution-repairs.js'
import { runKernel } from '../run-kernel.js'
import type { WindowAxis } from '../window.js'

/**
 * ∂/∂x: for each tap along the depth a 2-D gradient of all planes at once, put back to the depths
 * that it met.
 */
function inputGradient(dy: tf.Tensor, filter: tf.Tensor, axes: readonly WindowAxis[]): tf.Tensor {
  const [depth, ...plane] = axes as [WindowAxis, WindowAxis, WindowAxis]
  const [batch = 1, planes = 1, ...rest] = dy.shape
  const outputs = tf.reshape(dy, [batch * planes, ...rest])
  const parts = tf.unstack(filter).map((filterPlane, tap) => {
    const part = convolutionInputGradient(outputs, filterPlane, plane)
    return putBack(tf.reshape(part, [batch, planes, ...part.shape.slice(1)]), 1, depth, tap)
  })
  return tf.addN(parts)
}

/** ∂/∂filter: for each tap along the depth a 2-D gradient over the planes that it met. */
function filterGradient(x: tf.Tensor, dy: tf.Tensor, axes: readonly WindowAxis[]): tf.Tensor {
  const [depth, ...plane] = axes as [WindowAxis, WindowAxis, WindowAxis]
  const outputs = tf.reshape(dy, [-1, ...dy.shape.slice(2)])
  const taps = Array.from({ length: depth.taps }, (_, tap) => {
    const met = tf.reshape(selectMetByTap(x, 1, depth, tap), [-1, ...x.shape.slice(2)])
    return convolutionFilterGradient(met, outputs, plane)
  })
  return tf.stack(taps)
}

export const conv3D: ConvolutionRepairs = createConvolutionRepairs({
  forward: 'Conv3D',
  backpropInput: 'Conv3DBackpropInputV2',
  backpropFilter: 'Conv3DBackpropFilterV2',
  spatialRank: 3,
  inputGradient,
  filterGradient,
})

/**
 * A transposed convolution is this backward kernel run forwards; tfjs has the gradient of the 2-D
 * one alone.
 */
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

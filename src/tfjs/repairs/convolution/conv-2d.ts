import * as tf from '@tensorflow/tfjs'
import { sparseInputGradient } from '../../kernels/convolution.js'
import { findHeap } from '../../kernels/heap.js'
import { multiplyMatrices } from '../../kernels/matrices.js'
import { stridedInputGradient } from '../../kernels/window-gradients.js'
import { fit, spread } from '../axes.js'
import { createConvolutionRepairs, type ConvolutionRepairs } from './convolution-repairs.js'
import type { WindowAxis } from '../window.js'

type Pair = [number, number]
type ExplicitPadding = [Pair, Pair, Pair, Pair]

/**
 * ∂/∂x of a 2-D convolution, as a forward convolution of dy, spread by the strides, with the
 * rotated filter whose two channel axes are exchanged: XNNPACK's forward convolution is an order of
 * magnitude faster than the backward kernel of the wasm backend, and dilations come for free.
 */
export function convolutionInputGradient(
  dy: tf.Tensor,
  filter: tf.Tensor,
  axes: readonly WindowAxis[],
): tf.Tensor {
  const sparse = sparseInputGradient(dy, filter, axes)
  if (sparse !== undefined) return sparse
  const product = pointwiseInputGradient(dy, filter, axes)
  if (product !== undefined) return product
  const strided = stridedInputGradient(dy, filter, axes)
  if (strided !== undefined) return strided
  const [spaced, padding] = arrangeForInput(dy, axes)
  return tf.conv2d(spaced, rotateFilter(filter), 1, padding, 'NHWC', readDilations(axes))
}

/** Of a filter of one tap on every pixel: dy · Wᵀ. Undefined for others, and without a heap. */
function pointwiseInputGradient(
  dy: tf.Tensor,
  filter: tf.Tensor,
  axes: readonly WindowAxis[],
): tf.Tensor | undefined {
  const isPointwise = axes.every(
    ({ taps, stride, input, output }) => taps === 1 && stride === 1 && input === output,
  )
  if (!isPointwise) return undefined
  const [inChannels, outChannels] = filter.shape.slice(-2) as [number, number]
  const rows = tf.reshape(dy, [-1, outChannels])
  const products = multiplyMatrices(
    rows,
    tf.reshape(filter, [inChannels, outChannels]),
    false,
    true,
  )
  return products && tf.reshape(products, [...dy.shape.slice(0, -1), inChannels])
}

/** The filter turned round, its two channel axes exchanged. */
function rotateFilter(filter: tf.Tensor): tf.Tensor4D {
  const onHeap = findHeap()
  if (onHeap === undefined) {
    return tf.transpose(tf.reverse(filter, [0, 1]), [0, 1, 3, 2]) as tf.Tensor4D
  }
  const [rows, columns, inChannels, outChannels] = (filter as tf.Tensor4D).shape
  const { kernels, addressOf, allocate } = onHeap
  const turned = allocate([rows, columns, outChannels, inChannels])
  const addresses = [filter, turned].map(addressOf)
  kernels.exchangeChannels(...addresses, 1, rows * columns, inChannels, outChannels)
  return turned as tf.Tensor4D
}

/**
 * ∂/∂filter of a 2-D convolution, as a forward convolution whose batch is the input channels and
 * whose filter is dy: strides and dilations change places.
 */
export function convolutionFilterGradient(
  x: tf.Tensor,
  dy: tf.Tensor,
  axes: readonly WindowAxis[],
): tf.Tensor {
  let image = x
  const padding = axes.map(({ input, output, taps, stride, dilation, before }, axis): Pair => {
    const behind = (output - 1) * stride + (taps - 1) * dilation + 1 - before - input
    if (behind < 0) image = fit(image, axis + 1, 0, input + behind)
    return [before, Math.max(0, behind)]
  })
  const gradient = tf.conv2d(
    tf.transpose(image, [3, 1, 2, 0]) as tf.Tensor4D,
    tf.transpose(dy, [1, 2, 0, 3]) as tf.Tensor4D,
    readDilations(axes),
    explicit(padding),
    'NHWC',
    axes.map(({ stride }) => stride) as Pair,
  )
  return tf.transpose(gradient, [1, 2, 0, 3])
}

/**
 * dy and the padding with which a forward convolution by the rotated filter yields the gradient of
 * the input.
 */
export function arrangeForInput(
  dy: tf.Tensor,
  axes: readonly WindowAxis[],
): [tf.Tensor4D, ExplicitPadding] {
  let spaced = dy
  const padding = axes.map(({ input, taps, stride, dilation, before }, index): Pair => {
    const axis = index + 1
    spaced = spread(spaced, axis, stride)
    const length = spaced.shape[axis]!
    const front = (taps - 1) * dilation - before
    const behind = input + before - length
    // Padding wider than the filter: its outputs saw no input, and so have no part in the gradient.
    const start = Math.max(0, -front)
    spaced = fit(spaced, axis, start, length - start + Math.min(0, behind))
    return [Math.max(0, front), Math.max(0, behind)]
  })
  return [spaced as tf.Tensor4D, explicit(padding)]
}

export function readDilations(axes: readonly WindowAxis[]): Pair {
  return axes.map(({ dilation }) => dilation) as Pair
}

function explicit([rows, columns]: Pair[]): ExplicitPadding {
  return [[0, 0], rows!, columns!, [0, 0]]
}

export const conv2D: ConvolutionRepairs = createConvolutionRepairs({
  forward: 'Conv2D',
  backpropInput: 'Conv2DBackpropInput',
  backpropFilter: 'Conv2DBackpropFilter',
  spatialRank: 2,
  inputGradient: convolutionInputGradient,
  filterGradient: convolutionFilterGradient,
})

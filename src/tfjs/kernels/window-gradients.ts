import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import type { WindowAxis } from '../repairs/window.js'
import { findHeap } from './heap.js'

/** The lengths of both axes as the kernels take them. */
const lengthsOf = (axes: readonly WindowAxis[]): number[] =>
  (['input', 'output', 'taps', 'stride', 'dilation', 'before'] as const).flatMap((name) =>
    axes.map((axis) => axis[name]),
  )

/**
 * ∂/∂x of a strided 2-D convolution: dy times the filter gives the columns of each window, which
 * are added up where the windows overlap. Undefined where there is no heap.
 */
export function stridedInputGradient(
  dy: Tensor,
  filter: Tensor,
  axes: readonly WindowAxis[],
): Tensor | undefined {
  const onHeap = findHeap()
  if (onHeap === undefined || axes.every(({ stride }) => stride === 1)) return undefined
  const { kernels, addressOf, allocate } = onHeap
  const [tapsHeight, tapsWidth, inChannels, outChannels] = filter.shape as [
    number,
    number,
    number,
    number,
  ]
  const patchSize = tapsHeight * tapsWidth * inChannels
  // XNNPACK's product wants the right matrix as it is.
  const columns = tf.matMul(
    dy.reshape([-1, outChannels]),
    tf.transpose(filter.reshape([patchSize, outChannels])),
  )
  const [batch] = dy.shape
  const dx = allocate([batch, ...axes.map(({ input }) => input), inChannels])
  kernels.addColumns(...[columns, dx].map(addressOf), batch, inChannels, ...lengthsOf(axes))
  columns.dispose()
  return dx
}

/**
 * ∂/∂x of a strided depthwise convolution; undefined where there is no heap, or several outputs per
 * channel. Without strides XNNPACK's forward convolution with the rotated filter is faster.
 */
export function depthwiseInputGradient(
  dy: Tensor,
  filter: Tensor,
  axes: readonly WindowAxis[],
): Tensor | undefined {
  const onHeap = findHeap()
  const [, , channels, multiplier] = filter.shape as [number, number, number, number]
  const isStrided = axes.some(({ stride }) => stride !== 1)
  if (onHeap === undefined || multiplier !== 1 || !isStrided) return undefined
  const { kernels, addressOf, allocate } = onHeap
  const [batch] = dy.shape
  const dx = allocate([batch, ...axes.map(({ input }) => input), channels])
  const addresses = [dy, filter, dx].map(addressOf)
  kernels.depthwiseInputGradient(...addresses, batch, channels, ...lengthsOf(axes))
  return dx
}

/**
 * The filter gradient of each example of a depthwise convolution, [batch, taps · channels];
 * undefined where there is no heap, or several outputs per channel.
 */
export function depthwiseFilterGradients(
  x: Tensor,
  dy: Tensor,
  filterShape: readonly number[],
  axes: readonly WindowAxis[],
): Tensor | undefined {
  const onHeap = findHeap()
  const [tapsHeight, tapsWidth, channels, multiplier] = filterShape as [
    number,
    number,
    number,
    number,
  ]
  if (onHeap === undefined || multiplier !== 1) return undefined
  const { kernels, addressOf, allocate } = onHeap
  const [batch] = x.shape
  const gradients = allocate([batch, tapsHeight * tapsWidth * channels])
  const addresses = [x, dy, gradients].map(addressOf)
  kernels.depthwiseFilterGradients(...addresses, batch, channels, ...lengthsOf(axes))
  return gradients
}

import * as tf from '@tensorflow/tfjs'
import type { Gradient, Kernel } from '../../kernel.js'
import { runKernel } from '../run-kernel.js'
import { windowAxes, type WindowAxis } from '../window.js'

/** A kind of convolution: its kernels by name, and gradients of our own that take any window. */
export interface Convolution {
  readonly forward: string
  readonly backpropInput: string
  readonly backpropFilter: string
  /** How many axes the window slides along; the filter's first ones are its taps. */
  readonly spatialRank: number
  readonly inputGradient: (
    dy: tf.Tensor,
    filter: tf.Tensor,
    axes: readonly WindowAxis[],
  ) => tf.Tensor
  readonly filterGradient: (
    x: tf.Tensor,
    dy: tf.Tensor,
    axes: readonly WindowAxis[],
    filterShape: readonly number[],
  ) => tf.Tensor
}

export interface ConvolutionRepairs {
  readonly backpropInput: Kernel
  readonly backpropFilter: Kernel
  readonly gradient: Gradient
}

interface BackpropAttributes {
  readonly inputShape: readonly number[]
  readonly filterShape: readonly number[]
}

/**
 * The backward kernels for a backend that lacks them, and the gradient, which tfjs has for no
 * dilation.
 */
export function createConvolutionRepairs(of: Convolution): ConvolutionRepairs {
  const { forward, spatialRank, inputGradient, filterGradient } = of
  const axesOf = (
    inputShape: readonly number[],
    outputShape: readonly number[],
    filterShape: readonly number[],
    attributes: Parameters<Kernel>[1],
  ): WindowAxis[] =>
    windowAxes(forward, inputShape, outputShape, filterShape.slice(0, spatialRank), attributes)

  return {
    backpropInput: ({ dy, filter }, attributes) =>
      tf.tidy(() => {
        const { inputShape } = attributes as unknown as BackpropAttributes
        return inputGradient(dy!, filter!, axesOf(inputShape, dy!.shape, filter!.shape, attributes))
      }),
    backpropFilter: ({ x, dy }, attributes) =>
      tf.tidy(() => {
        const { filterShape } = attributes as unknown as BackpropAttributes
        const axes = axesOf(x!.shape, dy!.shape, filterShape, attributes)
        return filterGradient(x!, dy!, axes, filterShape)
      }),
    gradient: ([dy], { inputs, attributes }) => {
      const { x, filter } = inputs as { x: tf.Tensor; filter: tf.Tensor }
      const axes = axesOf(x.shape, dy!.shape, filter.shape, attributes)
      // Without dilation the backend's own kernels are used; the depthwise ones misread a dilation
      // that is left out.
      const undilated = { ...attributes, dilations: 1 }
      const isDilated = axes.some(({ dilation }) => dilation !== 1)
      return {
        x: () =>
          isDilated
            ? tf.tidy(() => inputGradient(dy!, filter, axes))
            : runKernel(
                of.backpropInput,
                { dy: dy!, filter },
                { ...undilated, inputShape: x.shape },
              ),
        filter: () =>
          isDilated
            ? tf.tidy(() => filterGradient(x, dy!, axes, filter.shape))
            : runKernel(
                of.backpropFilter,
                { x, dy: dy! },
                { ...undilated, filterShape: filter.shape },
              ),
      }
    },
  }
}

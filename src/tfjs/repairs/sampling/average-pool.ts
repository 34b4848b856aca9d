import * as tf from '@tensorflow/tfjs'
import type { Gradient } from '../../kernel.js'
import { runKernel } from '../run-kernel.js'
import { windowAxes, type WindowAttributes, type WindowAxis } from '../window.js'

/**
 * The forward pool divides by the number of inputs that a window holds, tfjs's gradient by the
 * window's size: dy is scaled by the quotient of the two beforehand.
 */
function averagePoolGradient(kernelName: string, backwardKernel: string): Gradient {
  return ([dy], { inputs, attributes }) => {
    const { x } = inputs as { x: tf.Tensor }
    const outputGradient = dy!
    const { filterSize } = attributes as unknown as WindowAttributes
    const axes = windowAxes(kernelName, x.shape, outputGradient.shape, filterSize ?? 1, attributes)
    const backward = (gradient: tf.Tensor): tf.Tensor =>
      runKernel(backwardKernel, { dy: gradient, input: x }, attributes)
    return {
      x: () => {
        const shares = axes.map(inverseShares)
        if (shares.every((share) => share.every((value) => value === 1))) {
          return backward(outputGradient)
        }
        return tf.tidy(() => {
          const scaled = shares.reduce<tf.Tensor>((gradient, share, axis) => {
            const shape = gradient.shape.map((_, index) => (index === axis + 1 ? share.length : 1))
            return tf.mul(gradient, tf.tensor(share, shape))
          }, outputGradient)
          return backward(scaled)
        })
      },
    }
  }
}

export const averagePool2DGradient: Gradient = averagePoolGradient('AvgPool', 'AvgPoolGrad')
export const averagePool3DGradient: Gradient = averagePoolGradient('AvgPool3D', 'AvgPool3DGrad')

/** Per output of the axis, the window's length over the length of its part inside the input. */
function inverseShares({ input, output, taps, stride, before }: WindowAxis): number[] {
  return Array.from({ length: output }, (_, index) => {
    const start = index * stride - before
    const uploaded = Math.min(input, start + taps) - Math.max(0, start)
    return uploaded > 0 ? taps / uploaded : 0
  })
}

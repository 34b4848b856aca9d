import * as tf from '@tensorflow/tfjs'
import type { Gradient, PartialRepair } from '../../kernel.js'
import { normalizeChannels, scaleChannels } from '../../kernels/channels.js'
import { findHeap } from '../../kernels/heap.js'
import { sumToShape } from '../sum-to-shape.js'

/**
 * y = (x − mean) · scale / √(variance + ε) + offset; tfjs's own throws where scale or offset is
 * left out.
 */
export const batchNormGradient: Gradient = ([dy], { inputs, attributes }) => {
  const { x, mean, variance, scale, offset } = inputs as Record<string, tf.Tensor | undefined> & {
    x: tf.Tensor
    mean: tf.Tensor
    variance: tf.Tensor
  }
  const outputGradient = dy!
  const { varianceEpsilon } = attributes as { varianceEpsilon: number }
  const inverseDeviation = (): tf.Tensor => tf.rsqrt(tf.add(variance, varianceEpsilon))
  const slope = (): tf.Tensor => (scale ? tf.mul(inverseDeviation(), scale) : inverseDeviation())
  const centred = (): tf.Tensor => tf.sub(x, mean)
  return {
    x: () => tf.tidy(() => scaleChannels(outputGradient, slope())),
    mean: () => tf.tidy(() => sumToShape(tf.neg(tf.mul(outputGradient, slope())), mean.shape)),
    variance: () =>
      tf.tidy(() => {
        const cube = tf.mul(slope(), tf.square(inverseDeviation()))
        const product = tf.mul(tf.mul(outputGradient, centred()), tf.mul(cube, -0.5))
        return sumToShape(product, variance.shape)
      }),
    ...(scale && {
      scale: () =>
        tf.tidy(() =>
          sumToShape(tf.mul(outputGradient, tf.mul(centred(), inverseDeviation())), scale.shape),
        ),
    }),
    ...(offset && { offset: () => tf.tidy(() => sumToShape(outputGradient, offset.shape)) }),
  }
}

/**
 * For cpu and wasm, whose own kernels read the statistics of any axis, such as [1, channels, 1, 1],
 * as those of the last one.
 */
export const batchNormOfOtherAxis: PartialRepair = {
  isNeeded: ({ x, mean, variance, scale, offset }) =>
    [mean, variance, scale, offset].some((each) => each !== undefined && !isOfLastAxes(each, x!)),
  kernel: (inputs, attributes) =>
    tf.tidy(() => {
      const { x, mean, variance, scale, offset } = inputs as Record<string, tf.Tensor | undefined>
      const { varianceEpsilon } = attributes as { varianceEpsilon: number }
      const inverse = tf.rsqrt(tf.add(variance!, varianceEpsilon))
      const factors = scale ? tf.mul(inverse, scale) : inverse
      const scaled = tf.mul(tf.sub(x!, mean!), factors)
      return offset ? tf.add(scaled, offset) : scaled
    }),
}

/** Whether repeating the values one after the other broadcasts them: [c], [1, 1, c] or [w, c], say. */
function isOfLastAxes({ shape }: tf.Tensor, x: tf.Tensor): boolean {
  const first = shape.findIndex((length) => length > 1)
  const own = first < 0 ? [] : shape.slice(first)
  return own.every((length, axis) => length === x.shape.at(axis - own.length))
}

/** For wasm, whose own kernel takes several times as long. */
export const batchNormByChannel: PartialRepair = {
  isNeeded: ({ x, mean, variance }) =>
    findHeap() !== undefined &&
    x!.dtype === 'float32' &&
    [mean, variance].every((each) => each!.size === x!.shape.at(-1)),
  kernel: (inputs, attributes) =>
    tf.tidy(() => {
      const { x, mean, variance, scale, offset } = inputs as Record<string, tf.Tensor | undefined>
      const { varianceEpsilon } = attributes as { varianceEpsilon: number }
      const inverse = tf.rsqrt(tf.add(variance!, varianceEpsilon))
      const factors = scale ? tf.mul(inverse, scale) : inverse
      return normalizeChannels(x!, mean!, factors, offset ?? tf.zerosLike(mean!))!
    }),
}

import * as tf from '@tensorflow/tfjs'
import { UnsupportedError } from '../../../errors.js'
import type { Attributes } from '../../kernel.js'

let channelAxis: number | undefined

/**
 * Runs a synchronous function whose batch normalizations without statistics have their channels
 * along that axis.
 */
export function withChannelAxis<Result>(axis: number | undefined, run: () => Result): Result {
  const outer = channelAxis
  channelAxis = axis
  try {
    return run()
  } finally {
    channelAxis = outer
  }
}

/**
 * True for a batch normalization with empty statistics, which is to use those of its input, as
 * Keras 2's layer normalization does. TensorFlow.js reads past the end of the empty tensors
 * instead.
 */
export function lacksStatistics(kernelName: string, { mean }: tf.NamedTensorMap): boolean {
  return kernelName === 'FusedBatchNorm' && mean?.size === 0
}

/**
 * (x − mean) / √(variance + ε) · scale + offset, with the mean and variance of each channel of x.
 */
export function normalizeByInput(inputs: tf.NamedTensorMap, attributes: Attributes): tf.Tensor {
  const { x, scale, offset } = inputs as Record<string, tf.Tensor | undefined> & { x: tf.Tensor }
  if (channelAxis === undefined) {
    throw new UnsupportedError(
      'FusedBatchNorm',
      'A FusedBatchNorm has empty statistics, and no data format says which axis has the channels. Convert the model ' +
        'with one data format for all normalizations, or write the normalization with differentiable ops.',
    )
  }
  const channels = channelAxis
  const { varianceEpsilon } = attributes as { varianceEpsilon: number }
  const axes = x.shape.map((_, axis) => axis).filter((axis) => axis !== channels)
  const perChannel = x.shape.map((length, axis) => (axis === channels ? length : 1))
  const centred = tf.sub(x, tf.mean(x, axes, true))
  const variance = tf.mean(tf.square(centred), axes, true)
  let result: tf.Tensor = tf.mul(centred, tf.rsqrt(tf.add(variance, varianceEpsilon)))
  if (scale != null) result = tf.mul(result, tf.reshape(scale, perChannel))
  if (offset != null) result = tf.add(result, tf.reshape(offset, perChannel))
  return result
}

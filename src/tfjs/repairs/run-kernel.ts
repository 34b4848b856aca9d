import * as tf from '@tensorflow/tfjs'
import type { Attributes } from '../kernel.js'

/** A backend's kernel for which tfjs has no public op. */
export function runKernel(
  kernelName: string,
  inputs: tf.NamedTensorMap,
  attributes: Attributes,
): tf.Tensor {
  return tf.engine().runKernel(kernelName, inputs, attributes as Record<string, never>)
}

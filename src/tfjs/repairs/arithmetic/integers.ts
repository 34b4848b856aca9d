/**
 * Where the webgpu backend copies integers and booleans, it passes them to WGSL functions that take
 * floats. Such a shader does not compile, and everything submitted with it is dropped without an
 * error.
 */
import * as tf from '@tensorflow/tfjs'
import type { PartialRepair } from '../../kernel.js'
import { isInteger } from './casts.js'
import { runKernel } from '../run-kernel.js'

/** @param dtype of the output; the input's own if not said */
function throughFloats(kernelName: string, dtype?: tf.DataType): PartialRepair {
  return {
    isNeeded: ({ x }) => isInteger(x!),
    kernel: ({ x }, attributes) => {
      const output = runKernel(kernelName, { x: tf.cast(x!, 'float32') }, attributes)
      return tf.cast(output, dtype ?? x!.dtype)
    },
  }
}

/** webgpu's own also gives the one index of a vector the shape [1]. */
function argument(kernelName: string): PartialRepair {
  return {
    isNeeded: ({ x }) => isInteger(x!) || x!.rank === 1,
    kernel: ({ x }, attributes) => {
      const floats = tf.cast(x!, 'float32')
      if (x!.rank > 1) return runKernel(kernelName, { x: floats }, attributes)
      const row = tf.reshape(floats, [1, x!.size])
      return tf.reshape(runKernel(kernelName, { x: row }, { ...attributes, axis: 1 }), [])
    },
  }
}

/** A reduction transposes its input where the axes are not the last ones. */
export const integerRepairs: Readonly<Record<string, PartialRepair>> = {
  All: throughFloats('All', 'bool'),
  Any: throughFloats('Any', 'bool'),
  ArgMax: argument('ArgMax'),
  ArgMin: argument('ArgMin'),
  Max: throughFloats('Max', 'int32'),
  Mean: throughFloats('Mean', 'float32'),
  Min: throughFloats('Min', 'int32'),
  Prod: throughFloats('Prod', 'int32'),
  Sum: throughFloats('Sum', 'int32'),
  Transpose: throughFloats('Transpose'),
}

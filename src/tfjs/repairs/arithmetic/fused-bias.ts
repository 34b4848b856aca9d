import * as tf from '@tensorflow/tfjs'
import type { PartialRepair } from '../../kernel.js'
import { runKernel } from '../run-kernel.js'

// Functions that look TensorFlow.js up when called: the classic script may be loaded before it.
const activations: Readonly<Record<string, (x: tf.Tensor) => tf.Tensor>> = {
  linear: (x) => x,
  relu: (x) => tf.relu(x),
  relu6: (x) => tf.relu6(x),
  elu: (x) => tf.elu(x),
  sigmoid: (x) => tf.sigmoid(x),
}

const fusedWithBias = (kernelName: string): PartialRepair => ({
  isNeeded: ({ bias }) => bias != null && bias.rank !== 1,
  kernel: (inputs, attributes) => {
    const { bias, preluActivationWeights: alpha, ...operands } = inputs
    const sum = tf.add(runKernel(kernelName, operands, attributes), bias!)
    const { activation = 'linear', leakyreluAlpha } = attributes as {
      activation?: string
      leakyreluAlpha?: number
    }
    if (activation === 'prelu') return tf.prelu(sum, alpha!)
    if (activation === 'leakyrelu') return tf.leakyRelu(sum, leakyreluAlpha)
    return activations[activation]!(sum)
  },
})

/** For wasm, whose fused kernels refuse a bias that is not a vector. */
export const biasRepairs: Readonly<
  Record<'FusedConv2D' | 'FusedDepthwiseConv2D' | '_FusedMatMul', PartialRepair>
> = {
  FusedConv2D: fusedWithBias('Conv2D'),
  FusedDepthwiseConv2D: fusedWithBias('DepthwiseConv2dNative'),
  _FusedMatMul: fusedWithBias('BatchMatMul'),
} as const satisfies Readonly<Record<string, PartialRepair>>

import * as tf from '@tensorflow/tfjs'
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs'

/** Per stage: channels inside a block, and blocks. He et al. (2016), table 1. */
const stages = [
  [64, 3],
  [128, 4],
  [256, 6],
  [512, 3],
] as const

/**
 * Creates Keras's ResNet50 with random weights: [size, size, 3] in, probabilities out.
 *
 * @param width by which all numbers of channels are multiplied
 */
export function createResNet50(size = 224, classCount = 1000, width = 1): LayersModel {
  let seed = 0
  const kernel = (): ReturnType<typeof tf.initializers.heNormal> =>
    tf.initializers.heNormal({ seed: ++seed })
  const apply = (layer: tf.layers.Layer, x: SymbolicTensor): SymbolicTensor =>
    layer.apply(x) as SymbolicTensor
  const relu = (x: SymbolicTensor): SymbolicTensor => apply(tf.layers.reLU({}), x)
  const convolve = (
    x: SymbolicTensor,
    filters: number,
    kernelSize: number,
    strides = 1,
  ): SymbolicTensor => {
    const options = { filters: width * filters, kernelSize, strides, padding: 'same' as const }
    const layer = tf.layers.conv2d({ ...options, kernelInitializer: kernel() })
    // A branch that starts small keeps the sums of 16 blocks finite with random weights.
    return apply(
      tf.layers.batchNormalization({ gammaInitializer: tf.initializers.constant({ value: 0.5 }) }),
      apply(layer, x),
    )
  }

  const input = tf.input({ shape: [size, size, 3] })
  let x = relu(convolve(input, 64, 7, 2))
  x = apply(tf.layers.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' }), x)
  for (const [stage, [channels, blocks]] of stages.entries()) {
    for (let block = 0; block < blocks; block++) {
      const strides = stage > 0 && block === 0 ? 2 : 1
      const shortcut = block === 0 ? convolve(x, 4 * channels, 1, strides) : x
      const inner = relu(convolve(relu(convolve(x, channels, 1, strides)), channels, 3))
      const branch = convolve(inner, 4 * channels, 1)
      x = relu(apply(tf.layers.add(), [shortcut, branch] as never))
    }
  }
  const head = tf.layers.dense({
    units: classCount,
    activation: 'softmax',
    kernelInitializer: kernel(),
  })
  return tf.model({
    inputs: input,
    outputs: apply(head, apply(tf.layers.globalAveragePooling2d({}), x)),
  })
}

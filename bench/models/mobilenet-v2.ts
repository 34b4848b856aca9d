import * as tf from '@tensorflow/tfjs'
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs'

/**
 * Per stage: expansion, output channels, blocks, stride of the first block. Sandler et al. (2018),
 * table 2.
 */
const stages = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const

/** Creates MobileNetV2 (width 1) with random weights: [size, size, 3] in, probabilities out. */
export function createMobileNetV2(size = 224, classCount = 1000): LayersModel {
  let seed = 0
  const kernel = (): ReturnType<typeof tf.initializers.heNormal> =>
    tf.initializers.heNormal({ seed: ++seed })
  const apply = (layer: tf.layers.Layer, x: SymbolicTensor): SymbolicTensor =>
    layer.apply(x) as SymbolicTensor
  const norm = (x: SymbolicTensor, scale = 1): SymbolicTensor =>
    apply(
      tf.layers.batchNormalization({
        gammaInitializer: tf.initializers.constant({ value: scale }),
      }),
      x,
    )
  const relu6 = (x: SymbolicTensor): SymbolicTensor => apply(tf.layers.reLU({ maxValue: 6 }), x)
  const convolve = (
    x: SymbolicTensor,
    filters: number,
    size: number,
    strides: number,
    scale = 1,
  ): SymbolicTensor =>
    norm(
      apply(
        tf.layers.conv2d({
          ...{ filters, kernelSize: size, strides, padding: 'same', useBias: false },
          kernelInitializer: kernel(),
        }),
        x,
      ),
      scale,
    )
  const filter = (x: SymbolicTensor, strides: number): SymbolicTensor =>
    relu6(
      norm(
        apply(
          tf.layers.depthwiseConv2d({
            ...{ kernelSize: 3, strides, padding: 'same', useBias: false },
            // He's rule for one channel. TensorFlow.js's own counts all channels, and signals would vanish.
            depthwiseInitializer: tf.initializers.randomNormal({
              stddev: Math.sqrt(2 / 9),
              seed: ++seed,
            }),
          }),
          x,
        ),
      ),
    )

  const input = tf.input({ shape: [size, size, 3] })
  let x = relu6(convolve(input, 32, 3, 2))
  for (const [expansion, channels, blocks, firstStride] of stages) {
    for (let block = 0; block < blocks; block++) {
      const strides = block === 0 ? firstStride : 1
      const before = x
      const inChannels = x.shape.at(-1)!
      if (expansion > 1) x = relu6(convolve(x, inChannels * expansion, 1, 1))
      // Without a relu6, He's rule would double the variance in each block, and relu6 would cut it off.
      x = convolve(filter(x, strides), channels, 1, 1, 0.5)
      if (strides === 1 && inChannels === channels) x = apply(tf.layers.add(), [before, x] as never)
    }
  }
  x = apply(tf.layers.globalAveragePooling2d({}), relu6(convolve(x, 1280, 1, 1)))
  const head = tf.layers.dense({
    units: classCount,
    activation: 'softmax',
    kernelInitializer: kernel(),
  })
  return tf.model({ inputs: input, outputs: apply(head, x) })
}

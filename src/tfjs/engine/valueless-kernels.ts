import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import type { Kernel } from '../kernel.js'

type Pair = [number, number]
type Filter = [number, number, number, number]

const likeInput: Kernel = ({ x }) => tf.zerosLike(x!)

/**
 * The kernels that take most of the time of a forward pass, without their values: they return zeros in the
 * output's shape.
 */
export const valuelessKernels: Readonly<Record<string, Kernel | undefined>> = {
  BatchMatMul: ({ a, b }, { transposeA, transposeB }) => {
    const rowCount = a!.shape.at(transposeA === true ? -1 : -2)!
    const columnCount = b!.shape.at(transposeB === true ? -2 : -1)!
    const batch = tf.broadcast_util.assertAndGetBroadcastShape(
      a!.shape.slice(0, -2),
      b!.shape.slice(0, -2),
    )
    return tf.zeros([...batch, rowCount, columnCount])
  },
  Conv2D: (inputs, attributes) => convolve(inputs['x']!, inputs['filter']!, attributes, false),
  DepthwiseConv2dNative: (inputs, attributes) =>
    convolve(inputs['x']!, inputs['filter']!, attributes, true),
  FusedBatchNorm: likeInput,
  Relu: likeInput,
  Relu6: likeInput,
}

function convolve(
  x: Tensor,
  filter: Tensor,
  attributes: Parameters<Kernel>[1],
  isDepthwise: boolean,
): Tensor {
  const { strides, pad, dilations, dimRoundingMode, dataFormat } = attributes
  const format = dataFormat === 'NCHW' ? 'channelsFirst' : 'channelsLast'
  const { outShape } = tf.backend_util.computeConv2DInfo(
    x.shape as Filter,
    filter.shape as Filter,
    strides as Pair,
    (dilations ?? 1) as Pair,
    pad as 'same',
    dimRoundingMode as 'floor',
    isDepthwise,
    format,
  )
  return tf.zeros(outShape)
}

import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import type { ConvolutionGeometry } from '../../gradients/block.js'
import { selectMetByTap } from '../repairs/axes.js'
import type { TensorSegment } from './tensor-segment.js'

/** The gradients of a segment, dense: [B, size]. */
export function materializeSegment(segment: TensorSegment): Tensor {
  switch (segment.kind) {
    case 'dense':
      return segment.values
    case 'factored':
      return flat(tf.matMul(segment.a, segment.delta, true))
    case 'lookup':
      return materializeLookup(segment)
    case 'convolution':
      return materializeConvolution(segment.a, segment.delta, segment.geometry)
  }
}

/** The tables of all examples as one, so that each δ is added to its row of its own example's. */
function materializeLookup({
  indices,
  delta,
  parameterRows,
  rowSize,
}: Extract<TensorSegment, { kind: 'lookup' }>): Tensor {
  const [batchSize = 0] = indices.shape
  const starts = tf.range(0, batchSize, 1, 'int32').mul(tf.scalar(parameterRows, 'int32'))
  const rows = indices.toInt().add(starts.reshape([batchSize, 1]))
  const sums = tf.unsortedSegmentSum(
    delta.reshape([-1, rowSize]),
    rows.flatten().toInt(),
    batchSize * parameterRows,
  )
  return sums.reshape([batchSize, parameterRows * rowSize])
}

function materializeConvolution(a: Tensor, delta: Tensor, geometry: ConvolutionGeometry): Tensor {
  const [batchSize = 0] = a.shape
  const { inChannels, outChannels, outHeight, outWidth } = geometry
  const outputs = delta.reshape([batchSize, outHeight * outWidth, outChannels])
  const rows = {
    input: geometry.inHeight,
    output: outHeight,
    taps: geometry.filterHeight,
    stride: geometry.strideHeight,
    dilation: geometry.dilationHeight,
    before: geometry.padTop,
  }
  const columns = {
    input: geometry.inWidth,
    output: outWidth,
    taps: geometry.filterWidth,
    stride: geometry.strideWidth,
    dilation: geometry.dilationWidth,
    before: geometry.padLeft,
  }
  const taps: Tensor[] = []
  for (let y = 0; y < rows.taps; y++) {
    const met = selectMetByTap(a, 1, rows, y)
    for (let x = 0; x < columns.taps; x++) {
      const patch = selectMetByTap(met, 2, columns, x).reshape([batchSize, -1, inChannels])
      taps.push(tf.matMul(patch, outputs, true))
    }
  }
  return flat(tf.stack(taps, 1))
}

const flat = (x: Tensor): Tensor => x.reshape([x.shape[0], -1])

import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import type { ConvolutionSegment } from '../gradients/block.js'
import type { PerExampleGradients } from './per-example.js'
import { inParts } from './per-example.js'
import type { TensorSegment } from './tensor-segment.js'

/**
 * Above this relative error the batched pass has mixed examples or positions up: that gives errors of order
 * 1, while float32 sums in another order stay below 1e-4 in every model of the tests.
 */
export const selfCheckTolerance = 1e-2

/**
 * ‖G_batched − G_alone‖ / ‖G_alone‖ of one example over all parameters, as a scalar tensor.
 *
 * @param alone the whole parameters' gradients of that example, by name
 */
export function relativeError(
  { segments, parts }: PerExampleGradients,
  row: number,
  alone: ReadonlyMap<string, Tensor>,
): Tensor {
  const expected = inParts(alone, parts)
  const differences = [...expected].map(([name, gradient]) => {
    const formed = segments
      .filter(({ parameter }) => parameter === name)
      .map((segment) => formedRow(segment, row).flatten())
    return tf
      .addN([gradient.flatten().neg(), ...formed])
      .square()
      .sum()
  })
  const norm = tf.addN([...alone.values()].map((gradient) => gradient.square().sum()))
  return tf.addN(differences).div(norm.maximum(1e-30)).sqrt()
}

/** G of one example, formed from its segment. */
function formedRow(segment: TensorSegment, row: number): Tensor {
  const rowOf = (tensor: Tensor): Tensor => tf.gather(tensor, [row])
  switch (segment.kind) {
    case 'dense':
      return rowOf(segment.values)
    case 'factored':
      return tf.matMul(
        rowOf(segment.a).reshape([segment.positions, segment.inputSize]),
        rowOf(segment.delta).reshape([segment.positions, segment.outputSize]),
        true,
      )
    case 'rows': {
      const oneHot = tf.oneHot(rowOf(segment.indices).flatten().toInt(), segment.parameterRows)
      const delta = rowOf(segment.delta).reshape([segment.positions, segment.rowSize])
      return tf.matMul(oneHot.toFloat(), delta, true)
    }
    case 'convolution':
      return filterGradient(rowOf(segment.a), rowOf(segment.delta), segment.geometry)
  }
}

/** Σ over positions of patch ⊗ δ, offset by offset: written apart from the rule that it checks. */
function filterGradient(
  a: Tensor,
  delta: Tensor,
  geometry: ConvolutionSegment['geometry'],
): Tensor {
  const { inChannels, outChannels, outHeight, outWidth } = geometry
  const reachHeight = (outHeight - 1) * geometry.strideHeight + 1
  const reachWidth = (outWidth - 1) * geometry.strideWidth + 1
  const lastTop = (geometry.filterHeight - 1) * geometry.dilationHeight
  const lastLeft = (geometry.filterWidth - 1) * geometry.dilationWidth
  const padBottom = Math.max(0, lastTop + reachHeight - geometry.padTop - geometry.inHeight)
  const padRight = Math.max(0, lastLeft + reachWidth - geometry.padLeft - geometry.inWidth)
  const padded = tf.pad(a, [
    [0, 0],
    [geometry.padTop, padBottom],
    [geometry.padLeft, padRight],
    [0, 0],
  ])
  const columns = delta.reshape([outHeight * outWidth, outChannels])
  const taps: Tensor[] = []
  for (let top = 0; top <= lastTop; top += geometry.dilationHeight) {
    for (let left = 0; left <= lastLeft; left += geometry.dilationWidth) {
      const patch = tf.stridedSlice(
        padded,
        [0, top, left, 0],
        [1, top + reachHeight, left + reachWidth, inChannels],
        [1, geometry.strideHeight, geometry.strideWidth, 1],
      )
      taps.push(tf.matMul(patch.reshape([outHeight * outWidth, inChannels]), columns, true))
    }
  }
  return tf.stack(taps)
}

import * as tf from '@tensorflow/tfjs'
import type { Tensor, Tensor4D } from '@tensorflow/tfjs'
import type { ConvolutionGeometry } from '../gradients/block.js'
import type { TensorSegment } from './per-example.js'

/**
 * Above this relative error the batched pass has mixed examples or positions up: that gives errors of order
 * 1, while float32 sums in another order stay below 1e-4 in every model of the tests.
 */
export const selfCheckTolerance = 1e-2

/** ‖G_batched − G_alone‖ / ‖G_alone‖ of one example over all parameters, as a scalar tensor. */
export function relativeErrors(
  segments: readonly TensorSegment[],
  row: number,
  names: readonly string[],
  alone: readonly Tensor[],
): Tensor {
  const differences = names.map((name, k) => {
    const expected = alone[k] ?? tf.scalar(0)
    const segment = segments.find(({ parameter }) => parameter === name)
    if (segment === undefined) return expected.square().sum()
    return formed(segment, row).flatten().sub(expected.flatten()).square().sum()
  })
  const norm = tf.addN(alone.map((gradient) => gradient.square().sum()))
  return tf.addN(differences).div(norm.maximum(1e-30)).sqrt()
}

/** G of one example, formed from its segment. */
function formed(segment: TensorSegment, row: number): Tensor {
  if (segment.kind === 'dense') return tf.gather(segment.values, [row])
  const a = tf.gather(segment.a, [row])
  const delta = tf.gather(segment.delta, [row])
  if (segment.kind === 'factored') {
    return tf.matMul(
      a.reshape([segment.positions, segment.inputSize]),
      delta.reshape([segment.positions, segment.outputSize]),
      true,
    )
  }
  return filterGradient(a as Tensor4D, delta as Tensor4D, segment.geometry)
}

/** Σ over positions of patch ⊗ δ, offset by offset: written apart from the rule that it checks. */
function filterGradient(a: Tensor4D, delta: Tensor4D, geometry: ConvolutionGeometry): Tensor {
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

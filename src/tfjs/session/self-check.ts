import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { UnsupportedError } from '../../errors.js'
import type { ConvolutionSegment } from '../../gradients/block.js'
import { type NdArray, rows } from '../../ndarray.js'
import type { ForwardArguments } from '../../predictor.js'
import type { DeviceModel } from './device-model.js'
import { type Batch, countExamples, single, wholeGradient } from './gradient-passes.js'
import { inParts, type PerExampleGradients } from '../per-example/per-example.js'
import type { TensorSegment } from '../per-example/tensor-segment.js'

/**
 * Outputs of an example alone and in its batch, relative to the batch's largest: float32 sums in another order stay
 * below 1e-5 in every model of the tests; deep nets on GPUs come near 1e-4.
 */
const outputTolerance = 1e-3

/**
 * Above this relative error the batched pass has mixed examples or positions up: that gives errors of order
 * 1, while float32 sums in another order stay below 1e-4 in every model of the tests.
 */
export const selfCheckTolerance = 1e-2

/**
 * Looks whether the model gives for an example alone what it gives for it in its batch.
 *
 * @param remedy the option that takes each example by itself
 * @throws UnsupportedError if it does not: then a batch's gradients are not those of its examples
 */
export async function assertExamplesApart(
  device: DeviceModel,
  x: readonly NdArray[],
  forwardArguments: ForwardArguments = {},
  remedy = 'batchSize: 1',
): Promise<void> {
  const exampleCount = x[0]?.shape[0] ?? 0
  const alone = [0, exampleCount - 1]
  const further = Object.entries(forwardArguments)
  const run = (start: number, end: number): Tensor => {
    const own = Object.fromEntries(further.map(([name, all]) => [name, rows(all, start, end)]))
    return device.model.call(
      device.inputTensors(
        x.map((array) => rows(array, start, end)),
        own,
      ),
      device.furtherTensors(own),
    )
  }
  const outputs = device.run(() => [run(0, exampleCount), ...alone.map((row) => run(row, row + 1))])
  const [together, ...singles] = await device.read(outputs)
  const scale = largestFinite(together!)
  for (const [k, row] of alone.entries()) {
    const output = singles[k]!
    const own = together!.subarray(row * output.length, (row + 1) * output.length)
    const isSplit = together!.length === exampleCount * output.length
    // NaN − NaN says nothing: a gradient that is not finite is reported by those who use it.
    const difference = largestFinite(output.map((value, at) => value - own[at]!))
    if (isSplit && difference <= outputTolerance * scale) continue
    const { name } = device.model
    const measured = isSplit
      ? `differs by ${difference.toPrecision(2)}, where the batch's largest value is ${scale.toPrecision(2)}`
      : `has ${output.length} numbers, all ${exampleCount} examples together ${together!.length}`
    throw new UnsupportedError(
      name,
      `model '${name}' mixes the examples of a batch: its output for example ${row} alone ${measured}. ` +
        'So the gradient of an example depends on its neighbours. Take the op across the batch axis out (a mean, a ' +
        `softmax, statistics of the batch), or give ${remedy}, which takes each example by itself.`,
    )
  }
}

const largestFinite = (values: Float32Array): number =>
  values.reduce(
    (most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most),
    0,
  )

/**
 * The larger relative error of two examples' batched gradients against passes of their own; NaN if no gradient is
 * finite. The two are those of the largest gradients, beside which float32's rounding is the smallest.
 */
export async function selfCheckError(
  device: DeviceModel,
  batch: Batch,
  batched: PerExampleGradients,
): Promise<number> {
  const [sizes] = await device.read([
    device.run(() => gradientSizes(batched.segments, countExamples(batch))),
  ])
  const rows = [...sizes!.keys()]
    .filter((row) => Number.isFinite(sizes![row]))
    .sort((one, other) => sizes![other]! - sizes![one]!)
    .slice(0, 2)
  const errors = device.run(() =>
    rows.map((row) => relativeError(batched, row, wholeGradient(device, single(batch, row)))),
  )
  const values = await device.read(errors)
  return rows.length === 0 ? NaN : Math.max(...values.map(([value]) => value!))
}

/** Per example, a measure of its gradient that no small number underflows: sums of |a| times sums of |δ|. */
function gradientSizes(segments: readonly TensorSegment[], exampleCount: number): Tensor {
  const sumOf = (tensor: Tensor): Tensor => tensor.abs().reshape([exampleCount, -1]).sum(1)
  return tf.addN([
    tf.zeros([exampleCount]),
    ...segments.map((segment) => {
      switch (segment.kind) {
        case 'dense':
          return sumOf(segment.values)
        case 'lookup':
          return sumOf(segment.delta)
        case 'factored':
        case 'convolution':
          return sumOf(segment.a).mul(sumOf(segment.delta))
      }
    }),
  ])
}

/**
 * ‖G_batched − G_alone‖ / ‖G_alone‖ of one example over all parameters, as a scalar tensor.
 *
 * @param alone the whole parameters' gradients of that example, by name
 */
function relativeError(
  { segments, parts }: PerExampleGradients,
  row: number,
  alone: ReadonlyMap<string, Tensor>,
): Tensor {
  // Squares of gradients of 1e-25 would be zero.
  const scale = tf
    .stack([...alone.values()].map((gradient) => gradient.abs().max()))
    .max()
    .maximum(smallestScale)
  const squaredNorm = (tensors: readonly Tensor[]): Tensor =>
    tf.addN(tensors.map((tensor) => tensor.div(scale).square().sum()))
  const differences = [...inParts(alone, parts)].map(([name, gradient]) => {
    const materialized = segments
      .filter(({ parameter }) => parameter === name)
      .map((segment) => denseGradient(segment, row).flatten())
    return tf.addN([gradient.flatten().neg(), ...materialized])
  })
  return squaredNorm(differences)
    .div(squaredNorm([...alone.values()]).maximum(smallestScale))
    .sqrt()
}

/** Above float32's subnormal numbers, which GPUs may take for zero. */
const smallestScale = 1e-37

/** G of one example, formed from its segment. */
function denseGradient(segment: TensorSegment, row: number): Tensor {
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
    case 'lookup': {
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

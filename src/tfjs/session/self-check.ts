import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { UnsupportedError } from '../../errors.js'
import type { ConvolutionSegment } from '../../gradients/block.js'
import { type NdArray, rows } from '../../ndarray.js'
import type { ForwardArguments } from '../../predictor.js'
import type { DeviceModel } from './device-model.js'
import {
  type Batch,
  countExamples,
  selectExample,
  computeWholeGradient,
} from './gradient-passes.js'
import { splitIntoParts, type PerExampleGradients } from '../per-example/per-example.js'
import type { TensorSegment } from '../per-example/tensor-segment.js'

/**
 * The largest difference between an example's output alone and in its batch, relative to the
 * batch's largest output. Float32 sums in another order stay below 1e-5 in every model of the
 * tests, and come near 1e-4 in deep nets on GPUs.
 */
const outputTolerance = 1e-3

/**
 * The largest relative error of a batched pass against passes of single examples. Mixed-up examples
 * or positions give errors of order 1. Float32 sums in another order stay below 1e-4 in every model
 * of the tests.
 */
export const selfCheckTolerance = 1e-2

/**
 * Compares the model's outputs for the first and the last example alone with those in their batch.
 *
 * @param remedy the option that computes each example in a batch of its own
 * @throws UnsupportedError if they differ: the gradients of a batch are then not those of its
 *   examples
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
  const { name } = device.model
  for (const [k, row] of alone.entries()) {
    assertSameOutput({ name, exampleCount, together: together!, remedy }, row, singles[k]!)
  }
}

interface BatchOutput {
  readonly name: string
  readonly exampleCount: number
  readonly together: Float32Array
  readonly remedy: string
}

/**
 * @throws UnsupportedError if the model's output for one example alone differs from that in its
 * batch
 */
function assertSameOutput(
  { name, exampleCount, together, remedy }: BatchOutput,
  row: number,
  alone: Float32Array,
): void {
  const isSplit = together.length === exampleCount * alone.length
  const scale = largestFinite(together)
  const own = together.subarray(row * alone.length, (row + 1) * alone.length)
  // NaN − NaN proves nothing. Gradients that are not finite are reported where they are used.
  const difference = largestFinite(alone.map((value, at) => value - own[at]!))
  if (isSplit && difference <= outputTolerance * scale) return
  const measured = isSplit
    ? `differs by ${difference.toPrecision(2)}, where the batch's largest value is ${scale.toPrecision(2)}`
    : `has ${alone.length} numbers, and that for all ${exampleCount} examples has ${together.length}`
  throw new UnsupportedError(
    name,
    `model '${name}' mixes the examples of a batch: its output for example ${row} alone ${measured}. ` +
      'So the gradient of an example depends on the other examples. Remove the op across the batch axis (a mean, a ' +
      `softmax, statistics of the batch), or use ${remedy}, which computes each example in a batch of its own.`,
  )
}

const largestFinite = (values: Float32Array): number =>
  values.reduce(
    (most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most),
    0,
  )

/**
 * Compares a batched pass with passes of single examples: those of the largest gradients, which
 * float32 rounds least.
 *
 * @param exampleCount how many examples to compare
 * @returns the largest relative error of a gradient; NaN if no gradient is finite
 * @throws UnsupportedError if an example's output alone differs from that in the batch
 */
export async function measureSelfCheckError(
  device: DeviceModel,
  batch: Batch,
  { gradients, output }: { readonly gradients: PerExampleGradients; readonly output: Tensor },
  exampleCount: number,
): Promise<number> {
  const batchSize = countExamples(batch)
  const [sizes, together] = await device.read(
    device.run(() => [gradientSizes(gradients.segments, batchSize), output.clone()]),
  )
  const examples = [...sizes!.keys()]
    .filter((row) => Number.isFinite(sizes![row]))
    .sort((one, other) => sizes![other]! - sizes![one]!)
    .slice(0, exampleCount)
  if (examples.length === 0) return NaN
  await device.refresh()
  const compared = device.run(() =>
    examples.flatMap((row) =>
      tf.tidy(() => {
        const alone = computeWholeGradient(device, selectExample(batch, row))
        return [measureRelativeError(gradients, row, alone.gradients), alone.output]
      }),
    ),
  )
  const values = await device.read(compared)
  const { name } = device.model
  const remedy = 'batchSize: 1'
  for (const [k, row] of examples.entries()) {
    const own = { name, exampleCount: batchSize, together: together!, remedy }
    assertSameOutput(own, row, values[2 * k + 1]!)
  }
  return Math.max(...examples.map((_, k) => values[2 * k]![0]!))
}

/**
 * Returns a size of each example's gradient that doesn't underflow: sums of |a| times sums of |δ|.
 */
function gradientSizes(segments: readonly TensorSegment[], exampleCount: number): Tensor {
  const sumOf = (tensor: Tensor): Tensor =>
    tf.tidy(() => tensor.abs().reshape([exampleCount, -1]).sum(1))
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
 * ‖G_batched − G_alone‖ / ‖G_alone‖ of one example over all parameters, as a scalar tensor. Only
 * one parameter's gradient is dense at a time.
 *
 * @param alone the whole parameters' gradients of that example, by name
 */
function measureRelativeError(
  { segments, parts }: PerExampleGradients,
  row: number,
  alone: ReadonlyMap<string, Tensor>,
): Tensor {
  // Squares of gradients of 1e-25 would be zero.
  const scale = tf
    .stack([...alone.values()].map((gradient) => tf.tidy(() => gradient.abs().max())))
    .max()
    .maximum(smallestScale)
  const squaredNorm = (tensorOf: () => Tensor): Tensor =>
    tf.tidy(() =>
      tf
        .tidy(() => tf.tidy(tensorOf).div(scale))
        .square()
        .sum(),
    )
  const differences = [...splitIntoParts(alone, parts)].map(([name, gradient]) =>
    squaredNorm(() =>
      segments
        .filter(({ parameter }) => parameter === name)
        .reduce(
          (rest, segment) => tf.tidy(() => rest.sub(computeDenseGradient(segment, row).flatten())),
          gradient.flatten(),
        ),
    ),
  )
  const norms = [...alone.values()].map((gradient) => squaredNorm(() => gradient.clone()))
  return tf.addN(differences).div(tf.addN(norms).maximum(smallestScale)).sqrt()
}

/** Above float32's subnormal numbers, which GPUs may treat as zero. */
const smallestScale = 1e-37

/** G of one example, computed from its segment. */
function computeDenseGradient(segment: TensorSegment, row: number): Tensor {
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
      return computeFilterGradient(rowOf(segment.a), rowOf(segment.delta), segment.geometry)
  }
}

/**
 * Σ over positions of patch ⊗ δ, offset by offset. It shares no code with the rule that it checks.
 */
function computeFilterGradient(
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

import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { countExamples, type LossBatch } from '../../adapters/model-passes.js'
import type { Labels } from '../../losses/labels.js'
import type { NdArray } from '../../ndarray.js'
import { type TapeNode, withoutValues, withTape } from '../engine/engine.js'
import { backpropagate, findDependents } from '../engine/tape.js'
import { findBatchPlacements, placedKernels } from '../per-example/batch-placements.js'
import { collectOrderEvidence } from '../per-example/example-orders.js'
import { lossFunctionGradient } from '../losses/loss-function.js'
import { lossKernels, createLossSeed } from '../losses/loss-seed.js'
import {
  type PerExampleGradients,
  computePerExampleGradients,
  ruledKernels,
  type Unseparated,
} from '../per-example/per-example.js'
import { outlineTape, type TapeOutline } from '../per-example/tape-outline.js'
import { type DeviceModel, tensorOf } from './device-model.js'

const keptKernels: ReadonlySet<string> = new Set([...ruledKernels, ...lossKernels])

/** The evidence of where the examples are in a batch's tensors. */
export interface BatchEvidence {
  /** What the model computes for another number of examples. */
  readonly outline: TapeOutline
  readonly orders: ReadonlyMap<number, number>
}

export type BatchedPass =
  | {
      readonly gradients: PerExampleGradients
      readonly output: Tensor
      /** Those that were drawn. */
      readonly labels?: Labels | undefined
    }
  | Unseparated
  | { readonly difference: string }

/**
 * Within `run`: one forward and one backward pass for all examples.
 *
 * @returns the difference if the model computes other ops for this number of examples than for that
 *   of the outline
 */
export function runBatchedPass(
  device: DeviceModel,
  batch: LossBatch<Tensor>,
  { outline, orders }: BatchEvidence,
): BatchedPass {
  const parameters = new Map(device.trainable().map(({ name, tensor }) => [tensor.id, name]))
  const inputs = device.inputTensors(batch.x)
  const exampleCount = countExamples(batch)
  return withTape(
    keptKernels,
    () => device.model.call(inputs, {}),
    (tape, output): BatchedPass => {
      const placements = findBatchPlacements(tape, exampleCount, outline, orders)
      if ('difference' in placements) return placements
      const labels = batch.drawLabels?.({ data: output.dataSync(), shape: output.shape })
      const seeds = seedsOf(labels === undefined ? batch : { ...batch, y: labels }, output, tape)
      const gradients = computePerExampleGradients(tape, parameters, placements, seeds, {
        exampleCount,
        keepsFactors: batch.keepsFactors === true,
      })
      return 'reason' in gradients ? gradients : { gradients, output, labels }
    },
  )
}

/**
 * Within `run`: what the model computes for these examples, in one forward pass.
 *
 * @param hasValues false for a pass without values, which takes little time
 */
export function runOutlinePass(
  device: DeviceModel,
  x: readonly NdArray[],
  hasValues: boolean,
): TapeOutline {
  const inputs = device.inputTensors(x)
  const call = (): Tensor => device.model.call(inputs, {})
  return withTape(
    new Set(),
    () => (hasValues ? call() : withoutValues(call)),
    (tape) => outlineTape(tape, x[0]?.shape[0] ?? 0),
  )
}

/**
 * Within `run`: a pass over `orderExamples` examples that tells their order where shapes leave it
 * open.
 */
export function runOrderPass(
  device: DeviceModel,
  x: readonly NdArray[],
  { outline, orders }: BatchEvidence,
): ReturnType<typeof collectOrderEvidence> {
  const inputs = device.inputTensors(x)
  return withTape(
    new Set(placedKernels),
    () => device.model.call(inputs, {}),
    (tape, output) => {
      const placements = findBatchPlacements(tape, x[0]?.shape[0] ?? 0, outline, orders)
      if ('difference' in placements) return []
      const parameterIds = device.trainable().map(({ tensor }) => tensor.id)
      return collectOrderEvidence(tape, parameterIds, placements, output)
    },
  )
}

/**
 * The gradients of one example, or their sum over several, by trainable parameter, with the model's
 * output.
 */
export interface WholeGradient {
  readonly gradients: ReadonlyMap<string, Tensor>
  readonly output: Tensor
}

/** Within `run`: one forward and one backward pass for the sum of the examples' losses. */
export function computeWholeGradient(device: DeviceModel, batch: LossBatch<Tensor>): WholeGradient {
  const trainable = device.trainable()
  const ids = trainable.map(({ tensor }) => tensor.id)
  const inputs = device.inputTensors(batch.x)
  return withTape(
    keptKernels,
    () => device.model.call(inputs, {}),
    (tape, output) => {
      const seeds = seedsOf(batch, output, tape)
      const wanted = findDependents(tape, ids)
      const found = backpropagate(tape, { seeds, wanted, returned: new Set(ids) })
      const gradients = new Map(
        trainable.map(({ name, tensor }) => [name, found.get(tensor.id) ?? tf.zeros(tensor.shape)]),
      )
      return { gradients, output }
    },
  )
}

/** The loss gradients that the backward pass starts from. */
function seedsOf(
  { y, loss }: LossBatch<Tensor>,
  output: Tensor,
  tape: readonly TapeNode[],
): Map<number, Tensor> {
  const labels = tensorOf(y)
  if (typeof loss === 'function') {
    return new Map([[output.id, lossFunctionGradient(loss, labels, output)]])
  }
  const factors = y.factors && tensorOf(y.factors)
  const { tensor, gradient } = createLossSeed(loss, labels, factors, output, tape)
  return new Map([[tensor.id, gradient]])
}

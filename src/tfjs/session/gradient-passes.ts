import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { type NdArray, rows } from '../../ndarray.js'
import type { Loss } from '../../predictor.js'
import { type DeviceModel, tensorOf } from './device-model.js'
import { type TapeNode, withTape } from '../engine/engine.js'
import { lossFunctionGradient } from './loss-function.js'
import { lossKernels, lossSeed } from './losses.js'
import {
  type PerExampleGradients,
  perExampleGradients,
  ruledKernels,
} from '../per-example/per-example.js'
import { backpropagate, dependents } from '../engine/tape.js'

/** A batch of examples with their labels, and the loss that is differentiated. */
export interface Batch {
  readonly x: readonly NdArray[]
  readonly y: NdArray
  readonly loss: Loss<Tensor>
}

export const countExamples = ({ y }: Batch): number => y.shape[0] ?? 0

/** One example of a batch, as a batch of its own. */
export const single = (batch: Batch, row: number): Batch => ({
  ...batch,
  x: batch.x.map((array) => rows(array, row, row + 1)),
  y: rows(batch.y, row, row + 1),
})

const keptKernels: ReadonlySet<string> = new Set([...ruledKernels, ...lossKernels])

/** Within `run`: one forward and one backward pass for all examples. */
export function batchedPass(
  device: DeviceModel,
  batch: Batch,
): PerExampleGradients | { readonly without: string } {
  const parameters = new Map(device.trainable().map(({ name, tensor }) => [tensor.id, name]))
  const inputs = device.inputTensors(batch.x)
  const inputIds = inputs.map((input) => input.id)
  return withTape(
    keptKernels,
    () => device.model.call(inputs, {}),
    (tape, output) => {
      const seeds = seedsOf(batch, output, tape)
      return perExampleGradients(tape, parameters, inputIds, seeds, countExamples(batch))
    },
  )
}

/** Within `run`: the gradient of one example, or the sum over several, by trainable parameter. */
export function wholeGradient(device: DeviceModel, batch: Batch): Map<string, Tensor> {
  const trainable = device.trainable()
  const ids = trainable.map(({ tensor }) => tensor.id)
  const inputs = device.inputTensors(batch.x)
  return withTape(
    keptKernels,
    () => device.model.call(inputs, {}),
    (tape, output) => {
      const seeds = seedsOf(batch, output, tape)
      const gradients = backpropagate(tape, { seeds, wanted: dependents(tape, ids) })
      return new Map(
        trainable.map(({ name, tensor }) => [
          name,
          gradients.get(tensor.id) ?? tf.zeros(tensor.shape),
        ]),
      )
    },
  )
}

/** The loss gradients that the backward pass starts from. */
function seedsOf(
  { y, loss }: Batch,
  output: Tensor,
  tape: readonly TapeNode[],
): Map<number, Tensor> {
  const labels = tensorOf(y)
  if (typeof loss === 'function') {
    return new Map([[output.id, lossFunctionGradient(loss, labels, output)]])
  }
  const { tensor, gradient } = lossSeed(loss, labels, output, tape)
  return new Map([[tensor.id, gradient]])
}

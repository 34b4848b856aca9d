import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { refuseInput } from '../../adapters/refuse-input.js'
import type { NdArray } from '../../ndarray.js'
import type { ForwardArguments } from '../../predictor.js'
import { type DeviceModel, tensorOf } from './device-model.js'
import { type TapeNode, withTape } from '../engine/engine.js'
import { inputsBut } from '../models/named-inputs.js'
import { backpropagate, findDependents } from '../engine/tape.js'

/** Returns the gradients of the chosen outputs at the inputs, one array per input. */
export async function computeInputGradients(
  device: DeviceModel,
  x: readonly NdArray[],
  outputIndices: Int32Array,
  forwardArguments: ForwardArguments,
): Promise<NdArray[]> {
  const gradients = device.run(() =>
    // Float32 also for integer inputs: the points of a path are between integers.
    computeGradientsAtInputs(
      device,
      x.map(tensorOf),
      outputIndices,
      device.furtherTensors(forwardArguments),
    ),
  )
  const data = await device.read(gradients)
  return x.map(({ shape }, i) => ({ data: data[i]!, shape }))
}

/** Within `run`: the same with tensors. */
export function computeGradientsAtInputs(
  device: DeviceModel,
  inputs: readonly Tensor[],
  outputIndices: Int32Array,
  forwardArguments: Readonly<Record<string, Tensor>>,
): Tensor[] {
  return withTape(
    new Set(),
    () => device.model.call(inputs, forwardArguments),
    (tape, output) => {
      const inputIds = inputs.map((input) => input.id)
      const byId = computeOutputGradients(tape, inputIds, output, outputIndices)
      const specs = inputsBut(device.model.inputs, forwardArguments)
      return inputs.map((input, i) => byId.get(input.id) ?? refuseInput(specs[i]!.name))
    },
  )
}

/** Returns the gradients of the chosen outputs at the sources, by id. */
export function computeOutputGradients(
  tape: readonly TapeNode[],
  sources: readonly number[],
  output: Tensor,
  outputIndices: Int32Array,
): Map<number, Tensor> {
  const wanted = findDependents(tape, sources)
  // tfjs gives a final arg-max a gradient of zeros.
  if (!wanted.has(output.id)) return new Map()
  const seeds = new Map([[output.id, oneHotRows(output, outputIndices)]])
  return backpropagate(tape, { seeds, wanted, returned: new Set(sources) })
}

/** Returns 1 at each example's chosen outputs and 0 elsewhere, in the output's shape. */
function oneHotRows(output: Tensor, indices: Int32Array): Tensor {
  const [exampleCount = 1] = output.shape
  const terms = indices.length / exampleCount
  // tf.oneHot refuses a depth of 1.
  const chosen = tf.tensor3d(indices, [exampleCount, terms, 1], 'int32')
  const rowSize = output.size / exampleCount
  const perTerm = tf.range(0, rowSize, 1, 'int32').equal(chosen).toFloat()
  return (terms === 1 ? perTerm : perTerm.sum(1)).reshape(output.shape)
}

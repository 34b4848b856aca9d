import type { Loss, NdArray, PredictorSession } from 'gradlens'
import { expect } from 'vitest'
import { compactBlock } from '../../../src/gradients/compact-block.js'
import { createGradientReader } from '../../../src/gradients/dense-gradient.js'
import type { OnnxTensor } from '../../../src/onnx/model/onnx-model.js'
import { readModel } from '../../../src/onnx/model/read-model.js'
import { hostGradients } from '../gradients/host-block.js'
import { type exporters, readExport, readTorchNet } from './torch-nets.js'

/** The loss of the networks from PyTorch. */
const torchLoss = 'sparseCategoricalCrossentropyFromLogits'

/** PyTorch's head shares these weights with the embedding; folded, they are two constants. */
export const sharedWeights: Readonly<Record<string, string | undefined>> = { gpt: 'tok.weight' }

/** Per parameter, the gradients of all examples, one after the other. */
export async function gradientsOf<Value>(
  session: PredictorSession<Value>,
  x: NdArray,
  labels: NdArray,
  loss: Loss<Value> = torchLoss,
): Promise<Map<string, Float64Array>> {
  const block = compactBlock(await hostGradients(session, [x], labels, loss))
  const sums = new Map<string, Float64Array>()
  for (const segment of block.segments) {
    const read = createGradientReader(segment)
    const size =
      segment.kind === 'dense'
        ? segment.size
        : segment.kind === 'factored'
          ? segment.inputSize * segment.outputSize
          : segment.parameterRows * segment.rowSize
    const own = sums.get(segment.parameter) ?? new Float64Array(block.exampleCount * size)
    sums.set(segment.parameter, own)
    for (let row = 0; row < block.exampleCount; row++) {
      const { data, offset } = read(row)
      for (let k = 0; k < size; k++) own[row * size + k]! += data[offset + k]!
    }
  }
  return sums
}

/**
 * Returns the parameters of torch that a file has under their names. Where constants are folded, another tensor may have
 * the name, which the numbers show.
 */
export function findKept(
  name: string,
  exporter: (typeof exporters)[number],
  found: ReadonlyMap<string, unknown>,
): string[] {
  const [own, torch] = [readConstants(name, exporter), readConstants(name, 'unfolded')]
  return [...readTorchNet(name).parameters.keys()].filter((parameter) => {
    const [value, expected] = [own.get(parameter), torch.get(parameter)]
    return (
      found.has(parameter) &&
      value?.shape.join() === expected?.shape.join() &&
      value!.bytes.every((byte, k) => byte === expected!.bytes[k])
    )
  })
}

const readConstants = (
  name: string,
  exporter: (typeof exporters)[number],
): ReadonlyMap<string, OnnxTensor> =>
  readModel(readExport(name, exporter), () => new Uint8Array()).graph.constants

/** Reorders the gradients of filters, which are [height, width, inputs, outputs]. */
export function inFileOrder(
  rows: Float64Array,
  own: readonly number[],
  file: readonly number[],
): Float64Array {
  if (own.join() === file.join()) return rows
  const size = file.reduce((a, b) => a * b, 1)
  const [outputs, inputs, ...spatial] = file as [number, number, ...number[]]
  expect(own).toEqual([...spatial, inputs, outputs])
  const taps = size / outputs / inputs
  return rows.map((_, at) => {
    const [row, k] = [Math.floor(at / size), at % size]
    const [output, input, tap] = [
      Math.floor(k / inputs / taps),
      Math.floor(k / taps) % inputs,
      k % taps,
    ]
    return rows[row * size + (tap * inputs + input) * outputs + output]!
  })
}

export function largestError(actual: NdArray, expected: NdArray): number {
  expect(actual.data.length).toBe(expected.data.length)
  const numbers = Array.from(expected.data)
  const scale = Math.max(...numbers.map(Math.abs))
  return Math.max(...numbers.map((value, k) => Math.abs(actual.data[k]! - value))) / scale
}

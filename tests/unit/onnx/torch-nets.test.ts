import type { NdArray, PredictorSession } from 'gradlens'
import { onnxPredictor } from 'gradlens/onnx'
import * as ort from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import { compactBlock } from '../../../src/gradients/compact-block.js'
import { createGradientReader } from '../../../src/gradients/dense-gradient.js'
import { hostGradients } from '../../support/gradients/host-block.js'
import {
  exporters,
  readExport,
  readTorchNet,
  type TorchNet,
  torchNets,
} from '../../support/onnx/torch-nets.js'

/** Float32 against float64, relative to the largest number. */
const outputTolerance = 1e-6
const parameterTolerance = 5e-6

/** PyTorch's head shares these weights with the embedding; folded, they are two constants. */
const shared: Readonly<Record<string, string | undefined>> = { gpt: 'tok.weight' }

const loss = 'sparseCategoricalCrossentropyFromLogits'

describe.each(torchNets)('%s from PyTorch', (name) => {
  const net = readTorchNet(name)
  const exampleCount = net.x.shape[0]!

  it.each(exporters)("has torch's outputs and gradients (%s)", async (exporter) => {
    const predictor = await onnxPredictor(ort, readExport(name, exporter))
    using session = await predictor.open('native', { allowSoftware: true })
    expect(largestError(await session.predict([net.x], {}), net.logits)).toBeLessThan(
      outputTolerance,
    )
    const found = await gradientsOf(session, net)
    const kept = await findKept(session, name, found)
    const specs = new Map(predictor.parameters.map((each) => [each.name, each.shape]))
    for (const parameter of kept) {
      if (exporter !== 'unfolded' && parameter === shared[name]) continue
      const expected = net.parameters.get(parameter)!
      const rows = found.get(parameter)!
      const own = inFileOrder(rows, specs.get(parameter)!, expected.shape.slice(1))
      const error = largestError({ data: own, shape: expected.shape }, expected)
      expect(error, parameter).toBeLessThan(parameterTolerance)
    }
    // Running statistics are buffers in torch, not parameters.
    expect([...found.keys()].filter((own) => own.includes('running_'))).toEqual([])
    if (exporter === 'unfolded') expect(kept).toEqual([...net.parameters.keys()])
    else expect(kept.length).toBeGreaterThan(0)
  })

  if (net.inputGradient !== undefined) {
    it.each(exporters)("has torch's input gradients (%s)", async (exporter) => {
      const predictor = await onnxPredictor(ort, readExport(name, exporter))
      using session = await predictor.open('native', { allowSoftware: true })
      const classes = net.logits.shape.at(-1)!
      const positions = net.labels.data.length / exampleCount
      const indices = Int32Array.from(
        net.labels.data,
        (label, k) => (k % positions) * classes + label,
      )
      const [gradient] = await session.inputGradients([net.x], indices, {})
      expect(largestError(gradient!, net.inputGradient!)).toBeLessThan(outputTolerance)
    })
  }
})

/** Per parameter, the gradients of all examples, one after the other. */
async function gradientsOf(
  session: PredictorSession<NdArray>,
  { x, labels }: TorchNet,
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
async function findKept(
  session: PredictorSession<NdArray>,
  net: string,
  found: ReadonlyMap<string, unknown>,
): Promise<string[]> {
  const predictor = await onnxPredictor(ort, readExport(net, 'unfolded'))
  using unfolded = await predictor.open('native', { allowSoftware: true })
  const own = new Map((await unfolded.weights!()).map((each) => [each.name, each.value]))
  const weights = new Map((await session.weights!()).map((each) => [each.name, each.value]))
  const names = [...readTorchNet(net).parameters.keys()]
  return names.filter((name) => {
    const [value, torch] = [weights.get(name), own.get(name)]
    return (
      found.has(name) &&
      value?.shape.join() === torch?.shape.join() &&
      value!.data.every((number, k) => number === torch!.data[k])
    )
  })
}

/** Reorders the gradients of filters, which are [height, width, inputs, outputs]. */
function inFileOrder(
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

function largestError(actual: NdArray, expected: NdArray): number {
  expect(actual.data.length).toBe(expected.data.length)
  const numbers = Array.from(expected.data)
  const scale = Math.max(...numbers.map(Math.abs))
  return Math.max(...numbers.map((value, k) => Math.abs(actual.data[k]! - value))) / scale
}

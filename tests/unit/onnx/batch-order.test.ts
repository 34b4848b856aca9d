import { onnxPredictor } from 'gradlens/onnx'
import { describe, expect, it, vi } from 'vitest'
import type { OnnxNode } from '../../../src/onnx/model/onnx-model.js'
import { hostGradients } from '../../support/gradients/host-block.js'
import { bytesOf, floats, integers, nodeOf } from '../../support/onnx/onnx-models.js'
import { nodeRuntimes } from '../../support/onnx/runtimes.js'
import { seededRandom, uniform } from '../../support/random.js'
import { materializedGradients } from '../../support/references/materialized-gradients.js'

const [positions, inputSize, outputSize] = [4, 3, 2]
const random = seededRandom(8)
const w = uniform(random, inputSize * outputSize, [-1, 1])

/** Ways to multiply all positions of x [B, T, d] by w, from x to the product [B, T, p]. */
const arrangements: Readonly<Record<string, readonly OnnxNode[]>> = {
  'on the first axis': [nodeOf('MatMul', ['x', 'w'], 'product')],
  'on the second axis': [
    nodeOf('Transpose', ['x'], 'turned', { perm: [1, 0, 2] }),
    nodeOf('MatMul', ['turned', 'w'], 'rows'),
    nodeOf('Transpose', ['rows'], 'product', { perm: [1, 0, 2] }),
  ],
  'before the positions, on one axis with them': [
    nodeOf('Reshape', ['x', 'flat'], 'turned'),
    nodeOf('MatMul', ['turned', 'w'], 'rows'),
    nodeOf('Reshape', ['rows', 'examplesFirst'], 'product'),
  ],
  'after the positions, on one axis with them': [
    nodeOf('Transpose', ['x'], 'timeMajor', { perm: [1, 0, 2] }),
    nodeOf('Reshape', ['timeMajor', 'flat'], 'turned'),
    nodeOf('MatMul', ['turned', 'w'], 'rows'),
    nodeOf('Reshape', ['rows', 'positionsFirst'], 'unflat'),
    nodeOf('Transpose', ['unflat'], 'product', { perm: [1, 0, 2] }),
  ],
  'between two parts of the positions, on one axis with them': [
    nodeOf('Reshape', ['x', 'halves'], 'parts'),
    nodeOf('Transpose', ['parts'], 'mixed', { perm: [1, 0, 2, 3] }),
    nodeOf('Reshape', ['mixed', 'flat'], 'turned'),
    nodeOf('MatMul', ['turned', 'w'], 'rows'),
    nodeOf('Reshape', ['rows', 'halvesFirst'], 'unflat'),
    nodeOf('Transpose', ['unflat'], 'unmixed', { perm: [1, 0, 2, 3] }),
    nodeOf('Reshape', ['unmixed', 'examplesFirst'], 'product'),
  ],
  'on the last axis': [
    nodeOf('Transpose', ['x'], 'turned', { perm: [1, 2, 0] }),
    nodeOf('Transpose', ['w'], 'columns'),
    nodeOf('MatMul', ['columns', 'turned'], 'rows'),
    nodeOf('Transpose', ['rows'], 'product', { perm: [2, 0, 1] }),
  ],
}

/** y = the mean over the positions of x w */
const modelOf = (nodes: readonly OnnxNode[]): Uint8Array =>
  bytesOf({
    nodes: [...nodes, nodeOf('ReduceMean', ['product', 'second'], 'y', { keepdims: 0 })],
    constants: {
      w: floats(w, [inputSize, outputSize]),
      flat: integers(-1, inputSize),
      halves: integers(-1, 2, positions / 2, inputSize),
      halvesFirst: integers(2, -1, positions / 2, outputSize),
      examplesFirst: integers(-1, positions, outputSize),
      positionsFirst: integers(positions, -1, outputSize),
      second: integers(1),
    },
    inputs: { x: [positions, inputSize] },
    outputs: ['y'],
  })

const exampleCount = 5
const x = {
  data: uniform(random, exampleCount * positions * inputSize, [-1, 1]),
  shape: [exampleCount, positions, inputSize],
}
const labels = {
  data: uniform(random, exampleCount * outputSize, [-1, 1]),
  shape: [exampleCount, outputSize],
}

/** 2 / p · (mean over positions of x) ⊗ (y − label), in float64. */
function expectedGradient(example: number): Float64Array {
  const mean = Array.from({ length: inputSize }, (_, i) => {
    const at = (t: number): number => x.data[(example * positions + t) * inputSize + i]!
    return [...Array(positions).keys()].reduce((sum, t) => sum + at(t), 0) / positions
  })
  const error = Array.from({ length: outputSize }, (_, k) => {
    const y = mean.reduce((sum, value, i) => sum + value * w[i * outputSize + k]!, 0)
    return (2 / outputSize) * (y - labels.data[example * outputSize + k]!)
  })
  return Float64Array.from(mean.flatMap((value) => error.map((delta) => value * delta)))
}

/** Float32 sums of a few numbers. */
const tolerance = 1e-6

describe.each(nodeRuntimes)('on ONNX Runtime, $name', ({ ort, name }) => {
  it.each(Object.keys(arrangements))(
    'gradients of examples are separated in one pass with the batch %s',
    async (arrangement) => {
      const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
      try {
        const predictor = await onnxPredictor(ort, modelOf(arrangements[arrangement]!))
        using session = await predictor.open(name, { allowSoftware: true })
        const block = await hostGradients(session, [x], labels, 'meanSquaredError')
        expect(warn).not.toHaveBeenCalled()
        for (let i = 0; i < exampleCount; i++) {
          const gradient = materializedGradients(block, i).get('w')!
          for (const [k, value] of expectedGradient(i).entries()) {
            expect(Math.abs(gradient[k]! - value)).toBeLessThan(tolerance)
          }
        }
      } finally {
        warn.mockRestore()
      }
    },
  )
})

import { describe, expect, it } from 'vitest'
import { float } from '../../../src/onnx/model/attributes.js'
import { createCase, type Values } from '../../support/onnx/operator-cases.js'
import { findWrongCases } from '../../support/onnx/run-operators.js'
import { nodeRuntimes } from '../../support/onnx/runtimes.js'

const native = nodeRuntimes.find(({ name }) => name === 'native')!

type Given = Parameters<typeof createCase>[0]

const row = (...values: number[]): Values => ({ shape: [1, values.length], values })
const image = (...values: number[]): Values => ({ shape: [1, 1, 1, values.length], values })
const integers = (...values: number[]): Values => ({
  shape: [values.length],
  values,
  type: 'int64',
})

const wrong = (given: Given): Promise<unknown[]> =>
  findWrongCases(native, createCase(given), 'given')

describe('values that are tied', () => {
  it.each<Given>([
    {
      op: 'ReduceMax',
      inputs: [row(3, 1, 3, 3), integers(1)],
      output: row(3),
      gradients: [[1 / 3, 0, 1 / 3, 1 / 3]],
      attributes: { keepdims: 1 },
    },
    {
      op: 'ReduceMin',
      inputs: [row(3, 1, 1), integers(1)],
      output: row(1),
      seed: [4],
      gradients: [[0, 2, 2]],
    },
    {
      op: 'Max',
      inputs: [row(2, 0), row(2, 1), row(2, 1)],
      output: row(2, 1),
      gradients: [
        [1 / 3, 0],
        [1 / 3, 0.5],
        [1 / 3, 0.5],
      ],
    },
    {
      op: 'ScatterElements',
      inputs: [row(1, 2), { shape: [1, 1], values: [1], type: 'int64' }, row(2)],
      output: row(1, 2),
      gradients: [[1, 0.5]],
      attributes: { axis: 1, reduction: 'max' },
    },
  ])('share the gradient equally in $op', async (given) => {
    expect(await wrong(given)).toEqual([])
  })

  it.each<Given>([
    {
      op: 'MaxPool',
      inputs: [image(5, 5, 5, 1)],
      output: image(5, 5),
      seed: [1, 2],
      gradients: [[1, 0, 2, 0]],
      attributes: { kernel_shape: [1, 2], strides: [1, 2] },
    },
    {
      op: 'MaxPool',
      inputs: [image(5, 5, 5)],
      output: image(5, 5),
      seed: [1, 2],
      gradients: [[1, 2, 0]],
      attributes: { kernel_shape: [1, 2] },
    },
    {
      // The first in reading order: of the rows, then of the columns.
      op: 'MaxPool',
      inputs: [{ shape: [1, 1, 2, 2], values: [1, 5, 5, 5] }],
      output: { shape: [1, 1, 1, 1], values: [5] },
      gradients: [[0, 1, 0, 0]],
      attributes: { kernel_shape: [2, 2] },
    },
    {
      op: 'GlobalMaxPool',
      inputs: [image(1, 5, 2, 5)],
      output: image(5),
      gradients: [[0, 1, 0, 0]],
    },
  ])('give all of it to the first in $op', async (given) => {
    expect(await wrong(given)).toEqual([])
  })
})

describe('at a kink, a gradient is that of PyTorch', () => {
  it.each<[string, Values, readonly number[], Given['attributes']?]>([
    ['Relu', row(0), [0]],
    ['Abs', row(0), [0]],
    ['LeakyRelu', row(0), [0.25], { alpha: float(0.25) }],
    ['ReduceL2', row(0, 0), [0, 0], { keepdims: 1 }],
    ['ReduceProd', row(0, 0, 3), [0, 0, 0], { keepdims: 1 }],
  ])('%s', async (op, input, gradient, attributes = {}) => {
    const output = op.startsWith('Reduce') ? row(0) : input
    expect(await wrong({ op, inputs: [input], output, gradients: [gradient], attributes })).toEqual(
      [],
    )
  })

  it('Clip lets the gradient through at its bounds', async () => {
    const bounds = [-1, 1].map((value): Values => ({ shape: [], values: [value] }))
    const given = { op: 'Clip', inputs: [row(-1, 1, 1.5), ...bounds], output: row(-1, 1, 1) }
    expect(await wrong({ ...given, gradients: [[1, 1, 0]] })).toEqual([])
  })
})

describe('forms without a backward rule are refused by name', () => {
  it.each<[string, Omit<Given, 'output' | 'gradients'>, string]>([
    ['Mod', { op: 'Mod', inputs: [row(3), row(2)] }, "Mod 'case0'"],
    [
      'ScatterElements',
      {
        op: 'ScatterElements',
        inputs: [row(1), { shape: [1, 1], values: [0], type: 'int64' }, row(2)],
        attributes: { reduction: 'mul' },
      },
      "reduction 'mul' has no backward rule",
    ],
    ['Einsum', { op: 'Einsum', inputs: [row(1)], attributes: { equation: 'ii->i' } }, "'ii'"],
    [
      'Resize',
      {
        op: 'Resize',
        inputs: [image(1), integers(), integers(), integers(1, 1, 2, 2)],
        attributes: { keep_aspect_ratio_policy: 'not_larger' },
      },
      'keep_aspect_ratio_policy',
    ],
    [
      'BatchNormalization',
      {
        op: 'BatchNormalization',
        inputs: [row(1), ...[0, 0, 0, 0].map(() => ({ shape: [1], values: [1] }))],
        attributes: { training_mode: 1 },
      },
      'training mode',
    ],
    [
      'LSTM',
      {
        op: 'LSTM',
        inputs: [
          { shape: [2, 1, 1], values: [1, 1] },
          { shape: [1, 4, 1], values: [1, 1, 1, 1] },
          { shape: [1, 4, 1], values: [1, 1, 1, 1] },
          { shape: [1, 8], values: [1, 1, 1, 1, 1, 1, 1, 1] },
          integers(2),
        ],
      },
      'sequences of several lengths',
    ],
    ['Det', { op: 'Det', inputs: [row(1)] }, "Det ('case0')"],
  ])('%s', async (_, given, message) => {
    await expect(wrong({ ...given, output: row(1), gradients: [[1]] })).rejects.toThrow(message)
  })
})

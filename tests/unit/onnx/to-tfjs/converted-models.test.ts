import * as tf from '@tensorflow/tfjs'
import { tfjsPredictor } from 'gradlens/tfjs'
import { expect, it } from 'vitest'
import type { OnnxNode, OnnxTensor } from '../../../../src/onnx/model/onnx-model.js'
import { createTensor } from '../../../../src/onnx/model/tensor-data.js'
import { useDevice } from '../../../support/devices/devices.js'
import { convertBytes, loadConverted } from '../../../support/onnx/converted-model.js'
import { bytesOf, floats, integers, nodeOf } from '../../../support/onnx/onnx-models.js'

const weights = (...shape: readonly number[]): OnnxTensor =>
  floats(
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => Math.sin(k + 1)),
    shape,
  )

const build = (
  nodes: readonly OnnxNode[],
  constants: Readonly<Record<string, OnnxTensor>>,
  shape: readonly (number | null)[],
): Uint8Array => bytesOf({ nodes, constants, inputs: { x: shape }, outputs: ['y'] })

const opsOf = (bytes: Uint8Array, shape: readonly number[]): string[] => {
  const { modelTopology } = convertBytes(bytes, { shapes: [shape] }).description
  return (modelTopology as { node: { op: string }[] }).node.map(({ op }) => op)
}

it('keeps the names of parameters, and has filters as TensorFlow.js has them', async () => {
  await useDevice('cpu')
  const bytes = build(
    [
      nodeOf('Conv', ['x', 'onnx::Conv_1', 'b:0'], 'c'),
      nodeOf('BatchNormalization', ['c', 'scale', 'shift', 'mean', 'variance'], 'n'),
      nodeOf('Flatten', ['n'], 'f'),
      nodeOf('Gemm', ['f', '100%'], 'y', { transB: 1 }),
    ],
    {
      'onnx::Conv_1': weights(3, 2, 2, 2),
      'b:0': weights(3),
      ...{
        scale: weights(3),
        shift: weights(3),
        mean: weights(3),
        variance: floats([1, 2, 3], [3]),
      },
      '100%': weights(4, 12),
    },
    [2, 3, 3],
  )
  const predictor = tfjsPredictor(await loadConverted(convertBytes(bytes, { shapes: [[2, 3, 3]] })))
  expect(predictor.parameters.map(({ name, shape }) => [name, shape])).toEqual([
    ['onnx::Conv_1', [2, 2, 2, 3]],
    ['b:0', [3]],
    ['scale', [3]],
    ['shift', [3]],
    ['100%', [4, 12]],
  ])
  expect(predictor.parameters.every(({ trainable }) => trainable)).toBe(true)
})

it('has one transpose at each end of a sequence of convolutions', () => {
  const nodes = [
    nodeOf('Conv', ['x', 'w1'], 'a', { pads: [1, 1, 1, 1] }),
    nodeOf('Relu', ['a'], 'b'),
    nodeOf('Mul', ['b', 'scale'], 'c'),
    nodeOf('MaxPool', ['c'], 'd', { kernel_shape: [2, 2] }),
    nodeOf('Pad', ['d', 'pads'], 'e'),
    nodeOf('Conv', ['e', 'w2'], 'f'),
    nodeOf('Add', ['f', 'bias'], 'g'),
    nodeOf('Flatten', ['g'], 'y'),
  ]
  const constants = {
    ...{ w1: weights(3, 2, 3, 3), w2: weights(4, 3, 2, 2), scale: weights(3, 1, 1) },
    ...{ bias: weights(1, 4, 1, 1), pads: integers(0, 0, 1, 1, 0, 0, 1, 1) },
  }
  const ops = opsOf(build(nodes, constants, [2, 4, 4]), [2, 4, 4])
  expect(ops.filter((op) => op === 'Transpose')).toHaveLength(2)
})

it('has no transpose where images have their channels last already', () => {
  const nodes = [
    nodeOf('Transpose', ['x'], 'a', { perm: [0, 3, 1, 2] }),
    nodeOf('Conv', ['a', 'w'], 'b'),
    nodeOf('Transpose', ['b'], 'y', { perm: [0, 2, 3, 1] }),
  ]
  const ops = opsOf(build(nodes, { w: weights(3, 2, 2, 2) }, [4, 4, 2]), [4, 4, 2])
  expect(ops).not.toContain('Transpose')
})

it('reads an axis of any length from the examples', async () => {
  await useDevice('cpu')
  const nodes = [
    nodeOf('Shape', ['x'], 'shape'),
    nodeOf('Gather', ['shape', 'one'], 'length'),
    nodeOf('Range', ['zero', 'length', 'step'], 'places'),
    nodeOf('Gather', ['table', 'places'], 'rows'),
    nodeOf('Add', ['x', 'rows'], 'sum'),
    nodeOf('ReduceSum', ['sum', 'axes'], 'y', { keepdims: 0 }),
  ]
  const scalar = (value: number): OnnxTensor => createTensor('int64', [value], [])
  const constants = {
    ...{ zero: scalar(0), one: scalar(1), step: scalar(1), axes: integers(1) },
    table: weights(6, 2),
  }
  const bytes = build(nodes, constants, [null, 2])
  const model = await loadConverted(convertBytes(bytes, { shapes: [[3, 2]] }))
  const found = tf.tidy(() => (model.predict(tf.zeros([2, 3, 2])) as tf.Tensor).arraySync())
  const sum = [0, 1].map((k) => Math.sin(k + 1) + Math.sin(k + 3) + Math.sin(k + 5))
  for (const row of found as number[][]) {
    for (const [k, value] of row.entries()) expect(value).toBeCloseTo(sum[k]!, 6)
  }
})

const gemm = nodeOf('Gemm', ['x', 'w'], 'a')

it.each([
  [
    'an operator without an equal',
    [gemm, nodeOf('Hardmax', ['a'], 'y')],
    "node 'the Hardmax of y' of the ONNX model is Hardmax, which a page in one file can't compute: TensorFlow.js has " +
      'no equal of it. Let Python explain the model with gradlens.ask, or build a page with gradlens/onnx.',
  ],
  [
    "another domain's operator",
    [gemm, { ...nodeOf('Gelu', ['a'], 'y'), domain: 'com.microsoft' }],
    'is com.microsoft.Gelu, which',
  ],
  [
    'a fixed number of examples in a shape',
    [gemm, nodeOf('Reshape', ['a', 'shape'], 'y')],
    'it reshapes [N, 4] to [1, 4], where N is the number of examples',
  ],
  [
    'a fixed number of examples in a constant',
    [gemm, nodeOf('Add', ['a', 'rows'], 'y')],
    'its inputs have the shapes [N, 4] and [2, 4] for N examples',
  ],
  [
    'a mean of examples',
    [gemm, nodeOf('ReduceMean', ['a', 'axis'], 'y')],
    'it combines different examples, along axis 0',
  ],
  [
    'one of the examples',
    [gemm, nodeOf('Gather', ['a', 'axis'], 'y')],
    'it works along axis 0 of [N, 4], which has the examples',
  ],
  [
    'integers divided by each other',
    [
      gemm,
      nodeOf('Cast', ['a'], 'i', { to: 7 }),
      nodeOf('Div', ['i', 'i'], 'q'),
      nodeOf('Cast', ['q'], 'y', { to: 1 }),
    ],
    "Div of int32 isn't supported; expected float32",
  ],
  [
    'a shape that depends on the values',
    [gemm, nodeOf('Cast', ['a'], 'i', { to: 7 }), nodeOf('Reshape', ['x', 'i'], 'y')],
    'its shape depends on the values of the inputs',
  ],
])('refuses %s by name', (_, nodes, message) => {
  const constants = {
    ...{ w: weights(3, 4), rows: weights(2, 4) },
    ...{ shape: integers(1, 4), axis: integers(0) },
  }
  expect(() => convertBytes(build(nodes, constants, [3]), { shapes: [[3]] })).toThrow(message)
})

it.each([
  [[[4]], "x: got examples of shape [4] for the input 'x'; expected [3]"],
  [[[3], [3]], "x: got 2 arrays; expected 1, one for each input of the model: 'x'"],
])('refuses examples that are not the inputs', (shapes, message) => {
  const bytes = build([nodeOf('Gemm', ['x', 'w'], 'y')], { w: weights(3, 4) }, [3])
  expect(() => convertBytes(bytes, { shapes })).toThrow(message)
})

it('refuses an output without examples', () => {
  const bytes = build([nodeOf('Cast', ['x'], 'y', { to: 7 })], {}, [3])
  expect(() => convertBytes(bytes, { shapes: [[3]] })).toThrow(
    "model: its output 'y' is not an array of floats with the examples on the first axis",
  )
})

import * as tf from '@tensorflow/tfjs'
import { tfjsPredictor } from 'gradlens/tfjs'
import { expect, it } from 'vitest'
import { float } from '../../../../src/onnx/model/attributes.js'
import type { OnnxNode, OnnxTensor } from '../../../../src/onnx/model/onnx-model.js'
import { createTensor } from '../../../../src/onnx/model/tensor-data.js'
import { useDevice } from '../../../support/devices/devices.js'
import { compareWithRuntime } from '../../../support/onnx/compare-converted.js'
import { gradientsOf } from '../../../support/onnx/compare-torch.js'
import { convertBytes, loadConverted } from '../../../support/onnx/converted-model.js'
import { bytesOf, floats, integers, nodeOf } from '../../../support/onnx/onnx-models.js'

const bool = 9
const [uint8, float32, int64] = [2, 1, 7]

const constants: Readonly<Record<string, OnnxTensor>> = {
  ...{ zero: integers(0), one: integers(1), two: integers(2), three: integers(3) },
  ...{ minusOne: integers(-1), lastAxis: integers(-1) },
  ...{ half: floats([0.5], []), scales: floats([2, 2], [2]), ten: floats([10], [1]) },
  ...{ large: integers(2 ** 40 + 3), larger: integers(2 ** 40 + 2 ** 24 + 4) },
  six: floats([1, -2, 3, -4, 5, -6], [6]),
  row: floats([1, 2, 3, 4, 5, 6], [1, 2, 3]),
  bias: floats([1, -2, 3], [3]),
  column: floats([1, 2, 3], [3, 1]),
  true: createTensor('bool', [1], []),
}

const build = (nodes: readonly OnnxNode[], shape: readonly number[], opset = 18): Uint8Array => {
  const used = new Set(nodes.flatMap(({ inputs }) => inputs))
  const own = Object.fromEntries(Object.entries(constants).filter(([name]) => used.has(name)))
  return bytesOf({ nodes, constants: own, inputs: { x: shape }, outputs: ['y'], opset })
}

/** The sizes of an image, times factors that aren't single numbers. */
const scaledSizes = [
  nodeOf('Shape', ['x'], 'examples', { end: 2 }),
  nodeOf('Shape', ['x'], 'sizes', { start: 2 }),
  nodeOf('Cast', ['sizes'], 'floats', { to: float32 }),
  nodeOf('Mul', ['floats', 'scales'], 'scaled'),
  nodeOf('Floor', ['scaled'], 'whole'),
  nodeOf('Cast', ['whole'], 'integers', { to: int64 }),
  nodeOf('Concat', ['examples', 'integers'], 'target', { axis: 0 }),
]

/** Zeros that depend on the input. */
const zeros = [nodeOf('Sub', ['x', 'ten'], 'low'), nodeOf('Relu', ['low'], 'zeros')]

/** Float32 against float32. */
const tolerance = 1e-6

it.each<[string, readonly OnnxNode[], readonly number[]]>([
  [
    'a slice of a shape with steps, without axes',
    [
      nodeOf('Shape', ['x'], 'shape'),
      nodeOf('Slice', ['shape', 'one', 'three', '', 'one'], 'sizes'),
      nodeOf('Reshape', ['six', 'sizes'], 'matrix'),
      nodeOf('Add', ['x', 'matrix'], 'y'),
    ],
    [2, 3],
  ],
  [
    'a negative power of an integer',
    [
      nodeOf('Pow', ['two', 'minusOne'], 'power'),
      nodeOf('Cast', ['power'], 'factor', { to: float32 }),
      nodeOf('Add', ['x', 'factor'], 'y'),
    ],
    [3],
  ],
  [
    'a mean over the first axis, with the examples on the last one',
    [
      nodeOf('Transpose', ['x'], 'steps', { perm: [1, 0, 2] }),
      nodeOf('Transpose', ['steps'], 'moved', { perm: [0, 2, 1] }),
      nodeOf('ReduceMean', ['moved', 'zero'], 'mean', { keepdims: 0 }),
      nodeOf('Transpose', ['mean'], 'y', { perm: [1, 0] }),
    ],
    [3, 4],
  ],
  [
    'sizes that are computed from constants of several elements',
    [...scaledSizes, nodeOf('Resize', ['x', '', '', 'target'], 'y', { mode: 'nearest' })],
    [2, 3, 4],
  ],
  [
    'zeros of no length',
    [
      ...zeros,
      nodeOf('LpNormalization', ['zeros'], 'euclidean'),
      nodeOf('LpNormalization', ['zeros'], 'absolute', { p: 1 }),
      nodeOf('Add', ['euclidean', 'absolute'], 'y'),
    ],
    [3],
  ],
  [
    'truth values as small integers',
    [
      nodeOf('Cast', ['x'], 'truth', { to: bool }),
      nodeOf('Cast', ['truth'], 'small', { to: uint8 }),
      nodeOf('Cast', ['small'], 'y', { to: float32 }),
    ],
    [3],
  ],
  [
    'integers beyond the range of int32, whose difference float32 rounds',
    [
      nodeOf('Sub', ['larger', 'large'], 'difference'),
      nodeOf('Cast', ['difference'], 'factor', { to: float32 }),
      nodeOf('Mul', ['x', 'factor'], 'y'),
    ],
    [3],
  ],
  ['an output that is the input', [nodeOf('Identity', ['x'], 'y')], [3]],
  [
    'normalized features whose mean is an output that nothing uses',
    [
      {
        ...nodeOf('LayerNormalization', ['x', 'bias'], 'normal'),
        outputs: ['normal', 'mean', 'deviation'],
      },
      nodeOf('Relu', ['normal'], 'y'),
    ],
    [3],
  ],
])('computes what ONNX Runtime does: %s', async (description, nodes, shape) => {
  await useDevice('cpu')
  const bytes = build(nodes, shape)
  expect(await compareWithRuntime({ bytes, shape, description }, 1)).toBeLessThanOrEqual(tolerance)
})

it.each<[string, OnnxNode]>([
  ['ReduceL2', nodeOf('ReduceL2', ['sums', 'lastAxis'], 'y')],
  ['LpNormalization', nodeOf('LpNormalization', ['sums'], 'y')],
  ['LpNormalization of absolute values', nodeOf('LpNormalization', ['sums'], 'y', { p: 1 })],
])('has a gradient of 0 where the norm is 0: %s', async (_, node) => {
  await useDevice('cpu')
  const bytes = build([nodeOf('Add', ['x', 'bias'], 'sums'), node], [3])
  const predictor = tfjsPredictor(await loadConverted(convertBytes(bytes, { shapes: [[3]] })))
  using session = await predictor.open('cpu', { allowSoftware: true })
  // The sums are 0 for the first example.
  const x = { data: Float32Array.of(-1, 2, -3, 1, 1, 1), shape: [2, 3] }
  const output = await session.predict([x], {})
  const found = await gradientsOf(session, x, output, (_labels: tf.Tensor, y: tf.Tensor) =>
    tf.sum(y),
  )
  const gradients = [...found.get('bias')!]
  expect(gradients.slice(0, 3)).toEqual([0, 0, 0])
  expect(gradients.slice(3).every((gradient) => Number.isFinite(gradient) && gradient !== 0)).toBe(
    true,
  )
})

it.each<[string, readonly OnnxNode[], readonly number[], string]>([
  [
    'a Celu whose alpha is not positive',
    [nodeOf('Celu', ['x'], 'y', { alpha: float(-1) })],
    [3],
    'its alpha is -1; expected a positive number',
  ],
  [
    'integers that wrap around',
    [
      nodeOf('Cast', ['x'], 'small', { to: uint8 }),
      nodeOf('Cast', ['small'], 'y', { to: float32 }),
    ],
    [3],
    'it casts to uint8; expected int32 or int64',
  ],
  [
    'one example of a constant next to those of the input',
    [nodeOf('Concat', ['row', 'x'], 'y', { axis: 1 })],
    [2, 3],
    'its inputs have the shapes [1, 2, 3] and [N, 2, 3] for N examples',
  ],
  [
    'an Einsum that repeats an axis of length 1',
    [nodeOf('Einsum', ['x', 'column'], 'y', { equation: 'ij,kj->ik' })],
    [3],
    'its inputs do not fit together',
  ],
  [
    'sizes that depend on the values',
    [
      nodeOf('Cast', ['x'], 'target', { to: int64 }),
      nodeOf('Resize', ['x', '', '', 'target'], 'y', { mode: 'nearest' }),
    ],
    [2, 3, 4],
    'its sizes depend on the values of the inputs',
  ],
  [
    'a resize without scales and sizes',
    [nodeOf('Resize', ['x'], 'y', { mode: 'nearest' })],
    [2, 3, 4],
    'it has no scales and no sizes',
  ],
  [
    'half of the number of examples',
    [
      nodeOf('Shape', ['x'], 'count', { end: 1 }),
      nodeOf('Cast', ['count'], 'number', { to: float32 }),
      nodeOf('Mul', ['number', 'half'], 'share'),
      nodeOf('Mul', ['x', 'share'], 'y'),
    ],
    [3],
    'it has fractions of the number of examples',
  ],
  [
    'sums with integers beyond the range of int32',
    [
      nodeOf('Cast', ['x'], 'whole', { to: int64 }),
      nodeOf('Add', ['whole', 'large'], 'sum'),
      nodeOf('Cast', ['sum'], 'y', { to: float32 }),
    ],
    [3],
    'it has integers beyond the range of int32',
  ],
  [
    'the largest of no elements',
    [
      nodeOf('Slice', ['x', 'zero', 'zero', 'one'], 'none'),
      nodeOf('ReduceMax', ['none', 'one'], 'y', { keepdims: 0 }),
    ],
    [2, 3],
    'ReduceMax of an axis without elements',
  ],
  [
    'the mean of a normalization',
    [
      { ...nodeOf('LayerNormalization', ['x', 'bias'], 'normal'), outputs: ['normal', 'mean'] },
      nodeOf('Add', ['x', 'mean'], 'y'),
    ],
    [3],
    "its input 'mean' is a further output of LayerNormalization",
  ],
  ...(
    [
      ['a softmax', [nodeOf('Softmax', ['x'], 'y', { axis: 0 })]],
      ['a norm', [nodeOf('LpNormalization', ['x'], 'y', { axis: 0 })]],
      [
        'the largest',
        [nodeOf('ArgMax', ['x'], 'most'), nodeOf('Gather', ['six', 'most'], 'y', { axis: 0 })],
      ],
      [
        'a product',
        [
          nodeOf('Transpose', ['x'], 'columns'),
          nodeOf('MatMul', ['columns', 'x'], 'gram'),
          nodeOf('MatMul', ['x', 'gram'], 'y'),
        ],
      ],
      [
        'a general product',
        [nodeOf('Gemm', ['x', 'x'], 'gram', { transA: 1 }), nodeOf('MatMul', ['x', 'gram'], 'y')],
      ],
      [
        'an Einsum',
        [
          nodeOf('Einsum', ['x', 'x'], 'gram', { equation: 'ni,nj->ij' }),
          nodeOf('MatMul', ['x', 'gram'], 'y'),
        ],
      ],
    ] as const
  ).map(([name, nodes]): [string, readonly OnnxNode[], readonly number[], string] => [
    `${name} over examples`,
    nodes,
    [3],
    'which has the examples',
  ]),
])('refuses %s', (_, nodes, shape, message) => {
  expect(() => convertBytes(build(nodes, shape), { shapes: [shape] })).toThrow(message)
})

it.each([13, 18])('refuses a dropout in training mode of opset %i', (opset) => {
  const nodes = [nodeOf('Dropout', ['x', '', 'true'], 'kept'), nodeOf('Relu', ['kept'], 'y')]
  const bytes = build(nodes, [3], opset)
  expect(() => convertBytes(bytes, { shapes: [[3]] })).toThrow('is Dropout, which')
})

it('reads the scales of a Constant in opset 10, which rounds up where it shortens', async () => {
  await useDevice('cpu')
  const scales = floats([1, 1, 0.6, 1], [4])
  const nodes = [
    nodeOf('Constant', [], 'factors', { value: { kind: 'tensor', value: scales } }),
    nodeOf('Resize', ['x', 'factors'], 'y', { mode: 'nearest' }),
  ]
  const shape = [1, 5, 2]
  const bytes = build(nodes, shape, 10)
  const error = await compareWithRuntime({ bytes, shape, description: 'Resize' }, 1)
  expect(error).toBeLessThanOrEqual(tolerance)
})

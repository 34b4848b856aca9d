import * as ort from 'onnxruntime-node'
import { Gradient, type NdArray } from 'gradlens'
import { onnxPredictor } from 'gradlens/onnx'
import { expect, it } from 'vitest'
import { bytesOf, floats, integers, nodeOf } from '../../support/onnx/onnx-models.js'
import { seededRandom, uniform } from '../../support/random.js'

const random = seededRandom(5)

/** A picture is split: one half is convolved, and the other half gets its channels last. */
const bytes = bytesOf({
  nodes: [
    nodeOf('Conv', ['x', 'mix'], 'mixed'),
    nodeOf('Softmax', ['mixed'], 'sharp', { axis: 1 }),
    { ...nodeOf('Split', ['sharp', 'lengths'], 'near', { axis: 1 }), outputs: ['near', 'far'] },
    nodeOf('Conv', ['near', 'filter'], 'convolved', { pads: [1, 1, 1, 1] }),
    nodeOf('Transpose', ['far'], 'turned', { perm: [0, 2, 3, 1] }),
    nodeOf('Flatten', ['convolved'], 'first'),
    nodeOf('Flatten', ['turned'], 'second'),
    nodeOf('Concat', ['first', 'second'], 'both', { axis: 1 }),
    nodeOf('Gemm', ['both', 'w'], 'y'),
  ],
  constants: {
    mix: floats(uniform(random, 4 * 3, [-1, 1]), [4, 3, 1, 1]),
    lengths: integers(2, 2),
    filter: floats(uniform(random, 3 * 2 * 9, [-1, 1]), [3, 2, 3, 3]),
    w: floats(uniform(random, (3 + 2) * 20 * 2, [-1, 1]), [100, 2]),
  },
  inputs: { x: [3, 4, 5] },
  outputs: ['y'],
})
const x: NdArray = { data: uniform(random, 2 * 60, [-1, 1]), shape: [2, 3, 4, 5] }

it('says where each tensor of an input and several layers has its channels, as far as it is known', async () => {
  const predictor = await onnxPredictor(ort, bytes)
  using gradient = new Gradient(predictor, {
    device: 'native',
    layer: ['convolved', 'the Split of near', 'x', 'turned', 'mixed'],
  })
  const { meta, attributionNames, attributions } = await gradient.explain(x, { target: 1 })
  const shapes = attributions.map(({ shape }) => shape.slice(1))
  const channels = meta.params['layerChannels'] as unknown[]
  expect(attributionNames.map((name, k) => [name, shapes[k], channels[k]])).toEqual([
    ['convolved', [3, 4, 5], 'first'],
    ['near', [2, 4, 5], 'first'],
    ['far', [2, 4, 5], null],
    ['x', [3, 4, 5], 'first'],
    ['turned', [4, 5, 2], null],
    ['mixed', [4, 4, 5], 'first'],
  ])
})

it.each([
  [['Tanh'], 'first'],
  [['Neg', 'Sigmoid', 'Relu'], 'first'],
  [['Flatten'], undefined],
  [[], 'first'],
] as const)('says where an input has its channels after %j', async (ops, channels) => {
  const tensors = ['x', ...ops]
  const last = tensors.at(-1)!
  const isImage = channels === 'first'
  const predictor = await onnxPredictor(
    ort,
    bytesOf({
      nodes: [
        ...ops.map((op, k) => nodeOf(op, [tensors[k]!], op)),
        isImage ? nodeOf('Conv', [last, 'filter'], 'y') : nodeOf('Gemm', [last, 'w'], 'y'),
      ],
      constants: isImage
        ? { filter: floats(uniform(random, 3 * 20, [-1, 1]), [1, 3, 4, 5]) }
        : { w: floats(uniform(random, 60, [-1, 1]), [60, 1]) },
      inputs: { x: [3, 4, 5] },
      outputs: ['y'],
    }),
  )
  expect(predictor.inputs[0]?.channels).toBe(channels)
})

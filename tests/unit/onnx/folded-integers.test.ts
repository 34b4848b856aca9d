import * as ort from 'onnxruntime-node'
import { expect, it } from 'vitest'
import { Gradient, GradientSimilarity } from '../../../src/index.js'
import { onnxPredictor } from '../../../src/onnx/index.js'
import { seededNormal } from '../../../src/random.js'
import type { OnnxNode } from '../../../src/onnx/model/onnx-model.js'
import {
  bytesOf,
  floats,
  integers,
  nodeOf,
  type TestModel,
} from '../../support/onnx/onnx-models.js'

const random = seededNormal(5)
const normal = (...shape: number[]) => {
  const size = shape.reduce((product, length) => product * length, 1)
  return { data: Float32Array.from({ length: size }, random), shape }
}
const filter = normal(3, 2, 2, 2)

/** A padded convolution, and the mean of each of its three channels. */
const createModel = (nodes: readonly OnnxNode[], constants: TestModel['constants']): Uint8Array =>
  bytesOf({
    nodes: [
      ...nodes,
      nodeOf('Pad', ['x', 'pads'], 'padded'),
      nodeOf('Conv', ['padded', 'filter'], 'convolved'),
      nodeOf('Tanh', ['convolved'], 'active'),
      nodeOf('ReduceMean', ['active'], 'y', { axes: [2, 3], keepdims: 0 }),
    ],
    constants: { filter: floats(filter.data, filter.shape), ...constants },
    inputs: { x: [2, 4, 5] },
    outputs: ['y'],
    opset: 17,
  })

/** How PyTorch's exporter computes the pads of [left, right, top, bottom]. */
const computedPads: readonly OnnxNode[] = [
  nodeOf('Shape', ['given'], 'shape'),
  nodeOf('Gather', ['shape', 'zero'], 'length'),
  nodeOf('Sub', ['all', 'length'], 'missing'),
  nodeOf('Cast', ['missing'], 'count', { to: 7 }),
  {
    ...nodeOf('ConstantOfShape', ['count'], 'zeros'),
    attributes: { value: { kind: 'tensor', value: integers(0) } },
  },
  nodeOf('Concat', ['given', 'zeros'], 'listed', { axis: 0 }),
  nodeOf('Reshape', ['listed', 'pairs'], 'inPairs'),
  nodeOf('Slice', ['inPairs', 'minusOne', 'farBack', 'zero', 'minusOne'], 'reversed'),
  nodeOf('Transpose', ['reversed'], 'transposed', { perm: [1, 0] }),
  nodeOf('Reshape', ['transposed', 'minusOne'], 'pads'),
]

it.each([
  [0, 1, 0, 1],
  [1, 0, 2, 0],
  [2, 1, 0, 3],
])('computes the pads %i, %i, %i, %i of an unfolded model', async (left, right, top, bottom) => {
  const unfolded = await onnxPredictor(
    ort,
    createModel(computedPads, {
      given: integers(left, right, top, bottom),
      zero: integers(0),
      all: integers(8),
      pairs: integers(-1, 2),
      minusOne: integers(-1),
      farBack: integers(-1000),
    }),
  )
  const folded = await onnxPredictor(
    ort,
    createModel([], { pads: integers(0, 0, top, left, 0, 0, bottom, right) }),
  )
  expect(unfolded.parameters).toEqual(folded.parameters)
  const [x, xTrain] = [normal(1, 2, 4, 5), normal(4, 2, 4, 5)]
  const [found, expected] = await Promise.all(
    [unfolded, folded].map(async (predictor) => {
      using gradient = new Gradient(predictor)
      using similarity = new GradientSimilarity(
        predictor,
        'sparseCategoricalCrossentropyFromLogits',
      )
      await similarity.fit(xTrain, [0, 1, 2, 1])
      const { attributions } = (await gradient.explain(x, { target: 1 })).data
      return [attributions[0]!.data, (await similarity.explain(x, [2])).data.scores.data]
    }),
  )
  expect(found).toEqual(expected)
  expect(found![0]!.some((value) => value !== 0)).toBe(true)
})

it('refuses pads that depend on the input', async () => {
  const predictor = await onnxPredictor(
    ort,
    createModel(
      [
        nodeOf('ReduceMax', ['x'], 'greatest', { keepdims: 0 }),
        nodeOf('Cast', ['greatest'], 'whole', { to: 7 }),
        nodeOf('Mul', ['ones', 'whole'], 'pads'),
      ],
      { ones: integers(0, 0, 1, 1, 0, 0, 1, 1) },
    ),
  )
  using gradient = new Gradient(predictor)
  await expect(gradient.explain(normal(1, 2, 4, 5), { target: 1 })).rejects.toThrow(/Pad/)
})

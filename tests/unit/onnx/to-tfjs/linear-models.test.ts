import { tfjsPredictor } from 'gradlens/tfjs'
import * as ort from 'onnxruntime-node'
import { expect, it } from 'vitest'
import { toAttributes } from '../../../../src/onnx/model/attributes.js'
import type { Attribute, OnnxNode } from '../../../../src/onnx/model/onnx-model.js'
import { writeModel } from '../../../../src/onnx/model/write-model.js'
import { useDevice } from '../../../support/devices/devices.js'
import { convertBytes, loadConverted } from '../../../support/onnx/converted-model.js'
import { expectNear } from '../../../support/references/differences.js'

const floatsOf = (...value: readonly number[]): Attribute => ({ kind: 'floats', value })

const node = (
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Parameters<typeof toAttributes>[0],
): OnnxNode => ({
  ...{ name: `the ${op}`, op, domain: 'ai.onnx.ml', inputs, outputs },
  attributes: toAttributes(attributes),
})

/** As skl2onnx writes them. */
const scaler = node('Scaler', ['x'], ['scaled'], {
  offset: floatsOf(0.5, -0.25),
  scale: floatsOf(2, 3),
})

const classifier = (transform: string, labels: readonly number[]): OnnxNode =>
  node('LinearClassifier', ['scaled'], ['label', 'scores'], {
    classlabels_ints: labels,
    coefficients: floatsOf(0.5, -1, 0.25, 0.75, -0.5, 1),
    intercepts: floatsOf(0.1, -0.2, 0.3),
    post_transform: transform,
  })

const build = (nodes: readonly OnnxNode[], output: string): Uint8Array =>
  writeModel({
    opsets: new Map([
      ['', 18],
      ['ai.onnx.ml', 1],
    ]),
    graph: {
      nodes,
      constants: new Map(),
      inputs: [{ name: 'x', type: 'float32', shape: [null, 2] }],
      outputs: [output],
    },
  })

const normalizer = (norm: string): OnnxNode => node('Normalizer', ['scores'], ['y'], { norm })

const regressor = node('LinearRegressor', ['scaled'], ['y'], {
  coefficients: floatsOf(0.5, -1),
  intercepts: floatsOf(0.1),
})

/** Float32 on both sides. */
const tolerance = 1e-6

it.each([
  ['probabilities', [scaler, classifier('SOFTMAX', [0, 1, 2]), normalizer('L1')], 'y'],
  ['independent probabilities', [scaler, classifier('LOGISTIC', [0, 1, 2])], 'scores'],
  ['scores of a unit length', [scaler, classifier('NONE', [0, 1, 2]), normalizer('L2')], 'y'],
  ['a number', [scaler, regressor], 'y'],
])('of scikit-learn are converted: %s', async (_, nodes, output) => {
  await useDevice('cpu')
  const bytes = build(nodes, output)
  const data = Float32Array.of(1, 2, -0.5, 0.25, 3, -1)
  const session = await ort.InferenceSession.create(bytes)
  const expected = await session.run({ x: new ort.Tensor('float32', data, [3, 2]) })
  await session.release()
  const predictor = tfjsPredictor(await loadConverted(convertBytes(bytes, { shapes: [[2]] })))
  using opened = await predictor.open('cpu', { allowSoftware: true })
  const found = await opened.predict([{ data, shape: [3, 2] }], {})
  expectNear(found.data, expected[output]!.data as Float32Array, tolerance)
  const owner = nodes[1]!.name
  expect(predictor.parameters.map(({ name }) => name)).toEqual([
    `${owner}/coefficients`,
    `${owner}/intercepts`,
  ])
})

it.each([
  [[scaler, classifier('PROBIT', [0, 1, 2])], 'scores', 'its post_transform PROBIT'],
  [[scaler, classifier('NONE', [0, 1])], 'scores', '6 coefficients for 2 outputs of 2 features'],
  [[scaler, classifier('NONE', [0, 1, 2]), normalizer('MAX')], 'y', 'the norm MAX of 2 axes'],
  [
    [scaler, classifier('NONE', [0, 1, 2])],
    'label',
    "its output 'label' is not an array of floats",
  ],
])('of other forms are refused by name', (nodes, output, message) => {
  expect(() => convertBytes(build(nodes, output), { shapes: [[2]] })).toThrow(message)
})

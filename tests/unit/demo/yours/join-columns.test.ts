import * as tf from '@tensorflow/tfjs'
import { GradientSimilarity, IntegratedGradients, type NdArray, type Predictor } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { writeCode } from '../../../../demo/yours/export/write-code.js'
import { joinColumns } from '../../../../demo/yours/models/join-columns.js'
import { joinInputs } from '../../../../demo/yours/models/join-inputs.js'
import type { OpenedModel } from '../../../../demo/yours/models/opened-model.js'
import { useDevice } from '../../../support/devices/devices.js'
import { seededRandom } from '../../../support/random.js'

beforeAll(() => useDevice('cpu'))

/** Sums of float32 in another order. */
const digits = 5

/** A model of inputs of 2, 1 and 3 numbers, with weights of the size that layers start with. */
function createModel(): tf.LayersModel {
  const inputs = [2, 1, 3].map((width, index) =>
    tf.input({ shape: [width], name: `part-${index}` }),
  )
  const joined = tf.layers.concatenate().apply(inputs) as tf.SymbolicTensor
  const hidden = tf.layers
    .dense({ units: 5, activation: 'tanh', name: 'hidden' })
    .apply(joined) as tf.SymbolicTensor
  const outputs = tf.layers.dense({ units: 2, activation: 'softmax' }).apply(hidden)
  const model = tf.model({ inputs, outputs: outputs as tf.SymbolicTensor })
  onTestFinished(() => {
    model.dispose()
  })
  return model
}

/** The same numbers as one array, and as one per input. */
function createExamples(count: number, seed: number): { joined: NdArray; parts: NdArray[] } {
  const random = seededRandom(seed)
  const data = Float32Array.from({ length: 6 * count }, () => 2 * random() - 1)
  let from = 0
  const parts = [2, 1, 3].map((width) => {
    const start = from
    from += width
    const part = Float32Array.from(
      { length: count * width },
      (_, i) => data[Math.floor(i / width) * 6 + start + (i % width)] ?? NaN,
    )
    return { data: part, shape: [count, width] }
  })
  return { joined: { data, shape: [count, 6] }, parts }
}

const predictorOf = (model: tf.LayersModel): Predictor =>
  tfjsPredictor(model) as unknown as Predictor

const rounded = (values: ArrayLike<number>): unknown[] =>
  Array.from(values, (value) => expect.closeTo(value, digits) as unknown)

test.each([undefined, 'hidden'])(
  'joined columns have the attributions of the inputs that they are divided among (layer: %s)',
  async (layer) => {
    const model = createModel()
    const { joined, parts } = createExamples(4, 1)
    const options = { nSteps: 8, device: 'cpu', ...(layer !== undefined && { layer }) } as const
    const call = { target: 1 }
    using own = new IntegratedGradients(joinColumns(predictorOf(model)), options)
    using reference = new IntegratedGradients(predictorOf(model), options)
    const { data } = await own.explain(joined, call)
    const expected = await reference.explain(parts, call)
    expect(Array.from(data.predictions.data)).toEqual(rounded(expected.data.predictions.data))
    const [attributions] = data.attributions
    const lists = expected.data.attributions
    const row = (index: number): number[] =>
      lists.flatMap(({ data: values, shape: [, width = 0] }) =>
        Array.from(values.slice(index * width, (index + 1) * width)),
      )
    expect(Array.from(attributions?.data ?? [])).toEqual(rounded([0, 1, 2, 3].flatMap(row)))
  },
)

test('joined columns have the similarities of the inputs that they are divided among', async () => {
  const model = createModel()
  const train = createExamples(9, 2)
  const asked = createExamples(2, 3)
  const labels = { data: Int32Array.from({ length: 9 }, (_, i) => i % 2), shape: [9] }
  const options = { device: 'cpu', precomputeGrads: true } as const
  const loss = 'sparseCategoricalCrossentropy'
  using own = new GradientSimilarity(joinColumns(predictorOf(model)), loss, options)
  using reference = new GradientSimilarity(predictorOf(model), loss, options)
  await own.fit(train.joined, labels)
  await reference.fit(train.parts, labels)
  const { data } = await own.explain(asked.joined)
  const expected = await reference.explain(asked.parts)
  expect(Array.from(data.scores.data)).toEqual(rounded(expected.data.scores.data))
})

test('a model with an input of another kind is refused by the name of the input', () => {
  const spec = { name: 'age', shape: [1], dtype: 'float32' as const }
  const open = (odd: { name: string; shape: (number | null)[]; dtype: 'float32' | 'int32' }) =>
    joinInputs({ facts: { inputs: [spec, odd] } } as unknown as OpenedModel)
  expect(() => open({ name: 'photo', shape: [8, 8, 3], dtype: 'float32' })).toThrow(
    /2 inputs: age \(1\), photo \(8 × 8 × 3\)\. 'photo' takes 8 × 8 × 3 numbers of float32/,
  )
  expect(() => open({ name: 'id', shape: [1], dtype: 'int32' })).toThrow(/'id' takes 1 .* int32/)
  expect(() => open({ name: 'text', shape: [null], dtype: 'float32' })).toThrow(/'text' takes any/)
  expect(open({ name: 'size', shape: [3], dtype: 'float32' }).facts).toMatchObject({
    inputs: [{ shape: [4] }],
    parts: [{ name: 'age' }, { name: 'size' }],
  })
})

test('the code of a model with several inputs joins them as the page does', () => {
  const code = writeCode({
    title: 'Mine',
    format: 'layers',
    model: 'model.json',
    output: 'y',
    hasParts: true,
    loss: 'meanSquaredError',
    simFn: 'grad_cos',
    task: 'regression',
    parameters: null,
    method: 'integrated_gradients',
    layer: null,
    steps: 8,
    hasBaseline: false,
    hasLabel: false,
    kind: 'tabular',
    labels: [],
    features: [],
  })
  expect(code['main.js']).toContain('joinColumns(tfjsPredictor(model, { output: "y" }))')
  expect(code['join-columns.js']).toContain('export function joinColumns')
})

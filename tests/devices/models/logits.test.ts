import * as tf from '@tensorflow/tfjs'
import { Gradient, GradientSimilarity } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { devices, useDevice } from '../../support/devices/devices.js'
import { expectNear } from '../../support/references/differences.js'
import { disposedAfterTest } from '../../support/models/models.js'
import { seededRandom, uniform } from '../../support/random.js'
import { expectError } from '../../support/refusals.js'

/** Float32 sums of a few products of order 1. */
const tolerance = 1e-5

const { dense, conv2d, softmax, activation, timeDistributed, reshape } = tf.layers

type End = readonly tf.layers.Layer[]

/** The last layers of a model of four numbers, with their softmax or sigmoid and without. */
const ends: Readonly<Record<string, (last: 'softmax' | 'sigmoid' | 'linear') => End>> = {
  'a dense layer': (last) => [dense({ units: 3, activation: last })],
  'an Activation layer': (last) => [dense({ units: 3 }), activation({ activation: last })],
  'a Softmax layer': (last) =>
    last === 'linear' ? [dense({ units: 3 })] : [dense({ units: 3 }), softmax({})],
  'a convolution': (last) => [
    reshape({ targetShape: [2, 2, 1] }),
    conv2d({ filters: 3, kernelSize: 2, activation: last }),
  ],
  'a dense layer over time': (last) => [
    reshape({ targetShape: [2, 2] }),
    timeDistributed({ layer: dense({ units: 3, activation: last }) }),
  ],
  'an inner model': (last) => [
    tf.sequential({ layers: [dense({ units: 3, activation: last, inputShape: [4] })] }),
  ],
}

function modelOf(end: End): tf.LayersModel {
  const input = tf.input({ shape: [4] })
  const hidden = dense({ units: 4, activation: 'tanh' }).apply(input) as tf.SymbolicTensor
  const outputs = end.reduce((x, layer) => layer.apply(x) as tf.SymbolicTensor, hidden)
  return disposedAfterTest(tf.model({ inputs: input, outputs }))
}

const examples = { data: uniform(seededRandom(3), 12, [-1, 1]), shape: [3, 4] }

describe.each(devices)('logits on %s', (device) => {
  beforeAll(() => useDevice('cpu'))

  const cases = Object.keys(ends).flatMap((end) =>
    (['softmax', 'sigmoid'] as const).flatMap((last) =>
      end === 'a Softmax layer' && last === 'sigmoid' ? [] : [[last, end] as const],
    ),
  )

  it.each(cases)('of a %s in %s are those of the model without it', async (last, end) => {
    const model = modelOf(ends[end]!(last))
    const rebuilt = modelOf(ends[end]!('linear'))
    rebuilt.setWeights(model.getWeights())
    const rank = model.outputs[0]!.shape.length - 1
    // The second of the channels, at the first of the positions.
    const index = [...Array.from({ length: rank - 1 }, () => 0), 1]
    const target = rank === 1 ? 1 : [index, index, index]
    using own = new Gradient(tfjsPredictor(model, { logits: true }), { device })
    using reference = new Gradient(tfjsPredictor(rebuilt), { device: 'cpu' })
    const e = await own.explain(examples, { target })
    const expected = await reference.explain(examples, { target })
    expectNear(e.predictions.data, expected.predictions.data, tolerance)
    expectNear(e.attributions[0]!.data, expected.attributions[0]!.data, tolerance)
    // The model itself keeps its activation.
    const probabilities = tf.tidy(() =>
      (model.predict(tf.tensor(examples.data, examples.shape)) as tf.Tensor).dataSync(),
    )
    for (const p of probabilities) expect(p > 0 && p < 1).toBe(true)
  })

  it('are those of the last call only, if its layer is called before', async () => {
    const input = tf.input({ shape: [2] })
    const shared = dense({ units: 2, activation: 'sigmoid', name: 'shared' })
    const twice = shared.apply(shared.apply(input)) as tf.SymbolicTensor
    const model = disposedAfterTest(tf.model({ inputs: input, outputs: twice }))
    using explainer = new Gradient(tfjsPredictor(model, { logits: true }), { device })
    const { predictions } = await explainer.explain([[0.5, -1]], { target: 0 })
    const expected = tf.tidy(() => {
      const [kernel, bias] = model.getWeights() as [tf.Tensor2D, tf.Tensor1D]
      const once = tf.sigmoid<tf.Tensor2D>(
        tf.matMul<tf.Tensor2D>(tf.tensor2d([[0.5, -1]]), kernel).add(bias),
      )
      return tf.matMul(once, kernel).add(bias).dataSync()
    })
    expectNear(predictions.data, expected, tolerance)
  })

  it('give the same similarity as probabilities with a loss of probabilities', async () => {
    const model = modelOf([dense({ units: 3, activation: 'softmax' })])
    const labels = [0, 1, 2]
    const scores: number[][] = []
    for (const logits of [true, false]) {
      const loss = `sparseCategoricalCrossentropy${logits ? 'FromLogits' : ''}` as const
      using explainer = new GradientSimilarity(tfjsPredictor(model, { logits }), loss, { device })
      await explainer.fit(examples, labels)
      scores.push([...(await explainer.explain(examples, labels)).scores.data])
    }
    expectNear(scores[0]!, scores[1]!, tolerance)
  })
})

describe('logits', () => {
  beforeAll(() => useDevice('cpu'))

  it.each<[string, () => unknown, string]>([
    [
      'a layer without activation',
      () => modelOf([dense({ units: 2, name: 'last' })]),
      "'last', a Dense",
    ],
    [
      'another activation',
      () => modelOf([dense({ units: 2, activation: 'tanh', name: 'last' })]),
      'with activation tanh',
    ],
    [
      'a layer after it',
      () =>
        modelOf([
          dense({ units: 2, activation: 'softmax' }),
          reshape({ targetShape: [2, 1], name: 'flat' }),
        ]),
      "'flat', a Reshape",
    ],
  ])('are refused for %s', async (_, model, part) => {
    const make = (): unknown => tfjsPredictor(model() as tf.LayersModel, { logits: true })
    await expectError(make, 'UnsupportedError', part, 'expected a softmax or sigmoid')
  })

  it('are refused for a function, and if they are neither true nor false', async () => {
    const variable = tf.tidy(() => tf.variable(tf.ones([1])))
    const call = {
      call: (a: tf.Tensor) => a.mul(variable),
      variables: [variable],
      inputs: [{ shape: [1] }],
    }
    const ofFunction = (): unknown => tfjsPredictor(call, { logits: true } as never)
    await expectError(
      ofFunction,
      'InvalidArgumentError',
      'options.logits',
      'return the logits from call',
    )
    variable.dispose()
    const model = modelOf([dense({ units: 2, activation: 'softmax' })])
    const wrong = (): unknown => tfjsPredictor(model, { logits: 'yes' } as never)
    await expectError(wrong, 'InvalidArgumentError', "got 'yes'; expected true or false")
  })

  it('refuse a loss of probabilities', async () => {
    const model = modelOf([dense({ units: 3, activation: 'softmax' })])
    const predictor = tfjsPredictor(model, { logits: true })
    await expectError(
      () => new GradientSimilarity(predictor, 'categoricalCrossentropy'),
      'InvalidArgumentError',
      "'categoricalCrossentropy' for a predictor with logits: true",
      "'categoricalCrossentropyFromLogits'",
    )
  })
})

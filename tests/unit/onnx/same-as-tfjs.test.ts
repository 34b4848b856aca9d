import * as tf from '@tensorflow/tfjs'
import { GradientSimilarity, IntegratedGradients, type NdArray } from 'gradlens'
import { onnxPredictor } from 'gradlens/onnx'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { useDevice } from '../../support/devices/devices.js'
import { disposedAfterTest } from '../../support/models/models.js'
import { denseModel } from '../../support/onnx/dense-models.js'
import { nodeRuntimes } from '../../support/onnx/runtimes.js'
import { seededRandom, uniform } from '../../support/random.js'

const random = seededRandom(5)
const matrix = (rows: number, columns: number): number[][] =>
  Array.from({ length: rows }, () => [...uniform(random, columns, [-1, 1])])
const weights = [matrix(6, 5), [...uniform(random, 5, [-1, 1])], matrix(5, 3), [0.1, -0.2, 0.3]]
const net = { weights, activations: ['tanh', 'softmax'] as const }

function tfjsModel(): tf.LayersModel {
  const model = disposedAfterTest(
    tf.sequential({
      layers: [
        tf.layers.dense({ units: 5, activation: 'tanh', inputShape: [6] }),
        tf.layers.dense({ units: 3, activation: 'softmax' }),
      ],
    }),
  )
  tf.tidy(() => {
    model.setWeights(weights.map((values) => tf.tensor(values)))
  })
  return model
}

const examples = (count: number): NdArray => ({
  data: uniform(random, count * 6, [-1, 1]),
  shape: [count, 6],
})
const train = examples(20)
const labels = { data: Float32Array.from({ length: 20 }, (_, i) => i % 3), shape: [20] }
const questions = examples(4)

/** Two float32 implementations of the same sums, relative to the largest number. */
const tolerance = 1e-6

function expectAlike(given: ArrayLike<number>, expected: ArrayLike<number>): void {
  const scale = Math.max(...Array.from(expected, Math.abs))
  expect(given.length).toBe(expected.length)
  for (let k = 0; k < expected.length; k++) {
    expect(Math.abs(given[k]! - expected[k]!)).toBeLessThan(tolerance * scale)
  }
}

describe.each(nodeRuntimes)('a dense net on ONNX Runtime, $name', ({ ort, name }) => {
  beforeAll(() => useDevice('cpu'))

  it.each(['grad_dot', 'grad_cos'] as const)(
    'has the scores and order of the same weights in TensorFlow.js (%s)',
    async (simFn) => {
      const options = { simFn, precomputeGrads: true } as const
      const loss = 'sparseCategoricalCrossentropy'
      const predictor = await onnxPredictor(ort, denseModel(net))
      using own = new GradientSimilarity(predictor, loss, { ...options, device: name })
      using peer = new GradientSimilarity(tfjsPredictor(tfjsModel()), loss, {
        ...options,
        device: 'cpu',
      })
      await own.fit(train, labels)
      await peer.fit(train, labels)
      const given = await own.explain(questions)
      const expected = await peer.explain(questions)
      expectAlike(given.data.scores.data, expected.data.scores.data)
      expect(given.data.orderedIndices).toEqual(expected.data.orderedIndices)
    },
  )

  it('has the attributions of the same weights in TensorFlow.js', async () => {
    const predictor = await onnxPredictor(ort, denseModel(net))
    using own = new IntegratedGradients(predictor, { device: name })
    using peer = new IntegratedGradients(tfjsPredictor(tfjsModel()), { device: 'cpu' })
    const given = await own.explain(questions, { target: 1 })
    const expected = await peer.explain(questions, { target: 1 })
    expectAlike(given.data.attributions[0]!.data, expected.data.attributions[0]!.data)
  })
})

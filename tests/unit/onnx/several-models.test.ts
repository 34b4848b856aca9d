import * as tf from '@tensorflow/tfjs'
import {
  type DeviceChoice,
  GradientSimilarity,
  IntegratedGradients,
  type NdArray,
  type Predictor,
} from 'gradlens'
import { onnxPredictor } from 'gradlens/onnx'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { useDevice } from '../../support/devices/devices.js'
import { throughChannel } from '../../support/devices/exposed-explainers.js'
import { denseNet } from '../../support/models/models.js'
import { denseModel } from '../../support/onnx/dense-models.js'
import { nodeRuntimes } from '../../support/onnx/runtimes.js'
import { seededRandom, uniform } from '../../support/random.js'

const activations = ['tanh', 'softmax'] as const
const inputSize = 6
const loss = 'sparseCategoricalCrossentropy'

/** The weights of a net with this many hidden numbers. */
function createWeights(hidden: number): (number[] | number[][])[] {
  const random = seededRandom(hidden)
  const matrix = (rows: number, columns: number): number[][] =>
    Array.from({ length: rows }, () => [...uniform(random, columns, [-1, 1])])
  return [matrix(inputSize, hidden), matrix(1, hidden)[0]!, matrix(hidden, 3), matrix(1, 3)[0]!]
}

const x: NdArray = {
  data: uniform(seededRandom(1), 12 * inputSize, [-1, 1]),
  shape: [12, inputSize],
}
const y: NdArray = { data: Int32Array.from({ length: 12 }, (_, k) => k % 3), shape: [12] }

/** What explainers of a model find. */
async function explain<Value>(
  predictor: Predictor<Value>,
  device: DeviceChoice,
): Promise<{ readonly scores: NdArray; readonly attributions: readonly NdArray[] }> {
  using similarity = new GradientSimilarity(predictor, loss, { device, precomputeGrads: true })
  using integrated = new IntegratedGradients(predictor, { device, nSteps: 9 })
  await similarity.fit(x, y)
  const [ranking, explanation] = await Promise.all([
    similarity.explain(x),
    integrated.explain(x, { target: 1 }),
  ])
  return { scores: ranking.data.scores, attributions: explanation.data.attributions }
}

beforeAll(() => useDevice('cpu'))

describe.each(nodeRuntimes)('ONNX Runtime, $name', ({ ort, name }) => {
  it('explains several models at once, as each alone', async () => {
    const predictors = await Promise.all(
      [4, 5, 6].map((hidden) =>
        onnxPredictor(ort, denseModel({ weights: createWeights(hidden), activations })),
      ),
    )
    const explainAll = predictors.map((own) => explain(own, name))
    const together = await Promise.all(explainAll)
    for (const [k, predictor] of predictors.entries()) {
      const alone = await explain(predictor, name)
      expect(together[k]).toEqual(alone)
    }
    expect(together[0]!.scores).not.toEqual(together[1]!.scores)
  })

  it('explains a model in a worker, with the results of the same explainers in the page', async () => {
    const create = async (): Promise<Predictor> =>
      (await onnxPredictor(
        ort,
        denseModel({ weights: createWeights(5), activations }),
      )) as unknown as Predictor
    const remote = throughChannel(create)
    using similarity = remote.gradientSimilarity(loss, { device: name, precomputeGrads: true })
    using integrated = remote.integratedGradients({ device: name, nSteps: 9 })
    await similarity.fit(x, y)
    const ranking = await similarity.explain(x)
    const explanation = await integrated.explain(x, { target: 1 })
    const expected = await explain(await create(), name)
    expect(similarity.device).toBe(name)
    expect(ranking.data.scores).toEqual(expected.scores)
    expect(explanation.data.attributions).toEqual(expected.attributions)
  })
})

it('explains models of TensorFlow.js and of both ONNX Runtimes at once, with the same results', async () => {
  const weights = createWeights(5)
  const model = denseNet(weights, [...activations])
  const found = await Promise.all([
    explain(tfjsPredictor(model), 'cpu'),
    ...nodeRuntimes.map(async ({ ort, name }) => {
      const predictor = await onnxPredictor(ort, denseModel({ weights, activations }))
      return explain(predictor, name)
    }),
  ])
  const [expected, ...others] = found
  for (const { scores, attributions } of others) {
    for (const [given, own] of [
      [scores, expected.scores],
      [attributions[0]!, expected.attributions[0]!],
    ] as const) {
      const largest = Math.max(...Array.from(own.data, Math.abs))
      for (const [k, value] of own.data.entries()) {
        expect(Math.abs(given.data[k]! - value)).toBeLessThan(tolerance * largest)
      }
    }
  }
  expect(tf.getBackend()).toBe('cpu')
})

/** Float32 sums in another order, relative to the largest number. */
const tolerance = 2e-6

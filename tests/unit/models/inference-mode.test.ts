import * as tf from '@tensorflow/tfjs'
import { ExpectedGradients, Gradient, GradientSimilarity, IntegratedGradients } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { useDevice } from '../../support/devices/devices.js'
import { expectNear } from '../../support/references/differences.js'
import { disposedAfterTest } from '../../support/models/models.js'
import { seededRandom, uniform } from '../../support/random.js'

/** Float32 gradients of order 1. */
const tolerance = 1e-5

const device = 'cpu'
const loss = 'sparseCategoricalCrossentropy'
const random = seededRandom(91)
const x = Array.from({ length: 6 }, () => [...uniform(random, 3, [-1, 1])])
const classes = [0, 1, 1, 0, 1, 0]

/** Dropout and batch norm between two dense layers, with statistics that are not those of x. */
function trainedNet(): tf.LayersModel {
  const model = disposedAfterTest(
    tf.sequential({
      layers: [
        tf.layers.dense({ units: 4, activation: 'tanh', inputShape: [3] }),
        tf.layers.dropout({ rate: 0.5 }),
        tf.layers.batchNormalization(),
        tf.layers.dense({ units: 2, activation: 'softmax' }),
      ],
    }),
  )
  tf.tidy(() => {
    model.setWeights(
      model.weights.map(({ shape, originalName }) => {
        const known = shape as number[]
        const range = originalName.includes('variance') ? ([0.5, 2] as const) : ([-1, 1] as const)
        return tf.tensor(uniform(random, tf.util.sizeFromShape(known), range), known)
      }),
    )
  })
  return model
}

const valuesOf = (model: tf.LayersModel): number[][] =>
  model.weights.map((weight) => [...weight.read().dataSync()])

describe('every explainer', () => {
  beforeAll(() => useDevice('cpu'))

  it("calls the model in inference mode, and doesn't change its weights and statistics", async () => {
    const model = trainedNet()
    const predictor = tfjsPredictor(model)
    const before = valuesOf(model)
    const expected = tf.tidy(() => (model.predict(tf.tensor2d(x)) as tf.Tensor).dataSync())
    const target = 1
    using integrated = new IntegratedGradients(predictor, { device, nSteps: 3 })
    using gradient = new Gradient(predictor, { device, smoothGrad: { samples: 2 } })
    using sampled = new ExpectedGradients(predictor, { device, nSamples: 2 })
    for (const explain of [
      () => integrated.explain(x, { target }),
      () => gradient.explain(x, { target }),
      () => sampled.explain(x, { target, background: x }),
    ]) {
      const [once, again] = [await explain(), await explain()]
      expectNear(once.predictions.data, expected, tolerance)
      expect(again.attributions).toEqual(once.attributions)
    }
    // It names the statistics, which are not trained.
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    const scores = async (): Promise<unknown> => {
      using similarity = new GradientSimilarity(predictor, loss, { device })
      await similarity.fit(x, classes)
      return (await similarity.explain(x)).scores
    }
    expect(await scores()).toEqual(await scores())
    warn.mockRestore()
    expect(valuesOf(model)).toEqual(before)
  })
})

describe('the order of a model’s parameters', () => {
  beforeAll(() => useDevice('cpu'))

  it.each(['grad_dot', 'grad_cos', 'grad_asym_dot'] as const)(
    "doesn't affect %s",
    async (simFn) => {
      const shapes = [[3, 4], [4], [4, 2]]
      const [w, b, u] = shapes.map((shape) =>
        tf.tidy(() =>
          tf.variable(tf.tensor(uniform(random, tf.util.sizeFromShape(shape), [-1, 1]), shape)),
        ),
      ) as [tf.Variable, tf.Variable, tf.Variable]
      onTestFinished(() => {
        tf.dispose([w, b, u])
      })
      const call = (input: tf.Tensor): tf.Tensor =>
        tf.softmax(tf.matMul(tf.tanh(tf.matMul(input, w).add(b)), u))
      const results = await Promise.all(
        [
          [w, b, u],
          [u, b, w],
          [b, u, w],
        ].map(async (variables) => {
          const predictor = tfjsPredictor({ call, variables, inputs: [{ shape: [3] }] })
          using explainer = new GradientSimilarity(predictor, loss, { device, simFn })
          await explainer.fit(x, classes)
          return await explainer.explain(x)
        }),
      )
      for (const { scores, orderedIndices } of results.slice(1)) {
        expectNear(scores.data, results[0]!.scores.data, tolerance)
        expect(orderedIndices).toEqual(results[0]!.orderedIndices)
      }
    },
  )
})

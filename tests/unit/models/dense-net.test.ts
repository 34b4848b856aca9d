import {
  GradientSimilarity,
  IntegratedGradients,
  type LossName,
  type NdArray,
  type Predictor,
} from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import golden from '../../fixtures/alibi-golden.json'
import {
  type DenseActivation,
  type DenseLayer,
  denseLayers,
  densePredictor,
} from '../../support/models/dense-net.js'
import { useDevice } from '../../support/devices/devices.js'
import { expectNear } from '../../support/references/differences.js'
import { expectClose } from '../../support/suites/golden-suite.js'
import { randomLayers, testX, trainClasses, trainX } from '../../support/models/small-nets.js'
import { sequentialOf } from '../../support/models/tfjs-nets.js'

const options = { device: 'cpu' } as const

/** The dense net is float64 inside, TensorFlow.js float32; scores and attributions are of order 1. */
const tolerance = 2e-6

const tfjsNet = (layers: readonly DenseLayer[]): Predictor =>
  tfjsPredictor(sequentialOf(layers)) as Predictor

describe('a predictor that knows no framework', () => {
  const { ig_softmax: softmax, ig_sigmoid: sigmoid, ig_multi_input: multi, gradsim } = golden
  const net = (weights: readonly unknown[], last: DenseActivation): DenseLayer[] =>
    denseLayers(weights, ['tanh', last])

  it.each(softmax.cases.filter(({ method }) => method === 'gausslegendre'))(
    'gives alibi’s attributions of a softmax net: $n_steps steps, case %#',
    async ({ n_steps: nSteps, baselines, attributions, deltas }) => {
      const predictor = densePredictor(net(softmax.weights, 'softmax'))
      using explainer = new IntegratedGradients(predictor, { ...options, nSteps })
      const { target } = softmax
      const explanation = await explainer.explain(softmax.X, { target, baselines })
      expectClose(explanation.attributions[0]!, attributions)
      expectClose(explanation.deltas, deltas)
      expectClose(explanation.predictions, softmax.predictions)
    },
  )

  it('gives alibi’s attributions of a single sigmoid output, and of two inputs', async () => {
    using one = new IntegratedGradients(densePredictor(net(sigmoid.weights, 'sigmoid')), options)
    const single = await one.explain(sigmoid.X)
    expectClose(single.attributions[0]!, sigmoid.no_target.attributions)
    expectClose(single.deltas, sigmoid.no_target.deltas)
    const inputShapes = [[3, 2], [4]]
    const predictor = densePredictor(net(multi.weights, 'softmax'), { inputShapes })
    using two = new IntegratedGradients(predictor, options)
    const { target, baselines } = multi
    const joint = await two.explain(multi.X, { target, baselines })
    for (const [j, attribution] of joint.attributions.entries()) {
      expectClose(attribution, multi.attributions[j]!)
    }
    expectClose(joint.deltas, multi.deltas)
  })

  it.each(['grad_dot', 'grad_cos', 'grad_asym_dot'] as const)('gives alibi’s %s', async (simFn) => {
    const predictor = densePredictor(net(gradsim.weights, 'linear'))
    using explainer = new GradientSimilarity(predictor, 'sparseCategoricalCrossentropyFromLogits', {
      ...options,
      simFn,
      eps: 1e-7,
    })
    await explainer.fit(gradsim.X_train, gradsim.Y_train)
    const explanation = await explainer.explain(gradsim.X)
    const expected = gradsim.cases[simFn]
    expectClose(explanation.scores, expected.scores)
    expect([...explanation.orderedIndices.data]).toEqual(expected.ordered_indices.flat())
    expectClose(explanation.mostSimilar as NdArray, expected.most_similar)
    expectClose(explanation.leastSimilar as NdArray, expected.least_similar)
  })
})

describe('the explainers give the same figures on TensorFlow.js and on the dense net', () => {
  beforeAll(() => useDevice('cpu'))

  it.each<[LossName, DenseActivation]>([
    ['sparseCategoricalCrossentropy', 'softmax'],
    ['sparseCategoricalCrossentropyFromLogits', 'linear'],
  ])('in gradient similarity, %s', async (loss, last) => {
    const layers = randomLayers([3, 4, 3], last, 5)
    const [similarities, others] = await Promise.all(
      [densePredictor(layers) as Predictor, tfjsNet(layers)].map(async (predictor) => {
        using explainer = new GradientSimilarity(predictor, loss, options)
        await explainer.fit(trainX, trainClasses)
        return await explainer.explain(testX)
      }),
    )
    expectNear(others!.scores.data, similarities!.scores.data, tolerance)
    expect(others!.orderedIndices).toEqual(similarities!.orderedIndices)
  })

  it('in integrated gradients', async () => {
    const layers = randomLayers([3, 4, 3], 'softmax', 6)
    const [own, other] = await Promise.all(
      [densePredictor(layers) as Predictor, tfjsNet(layers)].map(async (predictor) => {
        using explainer = new IntegratedGradients(predictor, { ...options, nSteps: 10 })
        return await explainer.explain(testX, { target: [0, 2], baselines: 0.5 })
      }),
    )
    expectNear(other!.attributions[0]!.data, own!.attributions[0]!.data, tolerance)
    expectNear(other!.deltas.data, own!.deltas.data, tolerance)
  })
})

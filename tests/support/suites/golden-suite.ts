import * as tf from '@tensorflow/tfjs'
import {
  GradientSimilarity,
  IntegratedGradients,
  type NdArray,
  type QuadratureMethod,
  type SimilarityName,
} from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import golden from '../../fixtures/alibi-golden.json'
import { devices, useDevice } from '../devices/devices.js'
import { denseNet, disposedAfterTest, setWeights } from '../models/models.js'
import { hostGradients } from '../gradients/host-block.js'

/** Both sides are float32; the golden file's own delta noise is of the order of 1e-7. */
const absoluteTolerance = 1e-5
const relativeTolerance = 1e-4

type Nested = number | Nested[]

export function expectClose(actual: NdArray, expected: Nested): void {
  const wanted = [expected].flat(Infinity as 1) as number[]
  expect(actual.data.length).toBe(wanted.length)
  for (const [i, value] of wanted.entries()) {
    const allowed = absoluteTolerance + relativeTolerance * Math.abs(value)
    expect(Math.abs((actual.data[i] ?? NaN) - value), `element ${i}`).toBeLessThanOrEqual(allowed)
  }
}

const scaled = (values: Nested, factor: number): Nested =>
  typeof values === 'number' ? values * factor : values.map((value) => scaled(value, factor))

/** alibi's numbers, from running alibi 0.9.4 (tests/fixtures/alibi-golden.json), on every device here. */
export function goldenSuite(): void {
  describe.each(devices)('on %s, with the numbers that alibi gives', (device) => {
    // The page's own backend is another one than the explainer's, so its weights have to be copied.
    beforeAll(() => useDevice('cpu'))

    const { ig_softmax: softmax, ig_sigmoid: sigmoid, ig_multi_input: multi, gradsim } = golden

    it.each(softmax.cases.map((fixture, index) => ({ ...fixture, index })))(
      'integrates a softmax net: $method, $n_steps steps, case $index',
      async ({ method, n_steps: nSteps, baselines, attributions, deltas }) => {
        const model = denseNet(softmax.weights, ['tanh', 'softmax'])
        using explainer = new IntegratedGradients(tfjsPredictor(model), {
          device,
          nSteps,
          method: method as QuadratureMethod,
        })
        const explanation = await explainer.explain(softmax.X, {
          target: softmax.target,
          baselines,
        })
        expectClose(explanation.predictions, softmax.predictions)
        const [attribution] = explanation.attributions
        if (method !== 'riemann_trapezoid') {
          expectClose(attribution!, attributions)
          expectClose(explanation.deltas, deltas)
          return
        }
        // alibi's trapezoid weights sum to (n − 1)/n; its attributions are that factor too small.
        const right = scaled(attributions, nSteps / (nSteps - 1)) as number[][]
        expectClose(attribution!, right)
        const completed = right.map((row, i) => {
          const wrongSum = (attributions[i] ?? []).reduce((sum, value) => sum + value, 0)
          return (deltas[i] ?? 0) - wrongSum + row.reduce((sum, value) => sum + value, 0)
        })
        expectClose(explanation.deltas, completed)
      },
    )

    it('integrates a single sigmoid output without a target', async () => {
      const model = denseNet(sigmoid.weights, ['tanh', 'sigmoid'])
      using explainer = new IntegratedGradients(tfjsPredictor(model), { device })
      const { attributions, deltas, target } = await explainer.explain(sigmoid.X)
      expectClose(attributions[0]!, sigmoid.no_target.attributions)
      expectClose(deltas, sigmoid.no_target.deltas)
      expect(target).toBeNull()
    })

    it('reads targets 0 and 1 of a single output as classes, with the right delta, unlike alibi', async () => {
      const model = denseNet(sigmoid.weights, ['tanh', 'sigmoid'])
      using explainer = new IntegratedGradients(tfjsPredictor(model), { device })
      const { attributions, deltas } = await explainer.explain(sigmoid.X, {
        target: sigmoid.target.target,
      })
      expectClose(attributions[0]!, sigmoid.target.attributions)
      // Completeness: the attributions sum to ±(F(x) − F(b)), so the right delta is about 0. alibi returns ±2 (F(x) − F(b)).
      expectClose(
        deltas,
        sigmoid.X.map(() => 0),
      )
      for (const [i, difference] of sigmoid.F_minus_F0.entries()) {
        expect(Math.abs(sigmoid.target.deltas_ALIBI_BUG[i] ?? 0)).toBeCloseTo(
          Math.abs(2 * difference),
          4,
        )
      }
    })

    it('integrates a model of two inputs, each with its own baseline', async () => {
      const image = tf.input({ shape: [3, 2] })
      const vector = tf.input({ shape: [4] })
      const flat = tf.layers.flatten().apply(image) as tf.SymbolicTensor
      const joined = tf.layers.concatenate().apply([flat, vector])
      const hidden = tf.layers.dense({ units: 5, activation: 'tanh' }).apply(joined)
      const outputs = tf.layers.dense({ units: 2, activation: 'softmax' }).apply(hidden)
      const model = disposedAfterTest(
        tf.model({ inputs: [image, vector], outputs: outputs as tf.SymbolicTensor }),
      )
      setWeights(model, multi.weights)
      using explainer = new IntegratedGradients(tfjsPredictor(model), { device })
      const { attributions, deltas } = await explainer.explain(multi.X, {
        target: multi.target,
        baselines: multi.baselines,
      })
      for (const [input, attribution] of attributions.entries()) {
        expectClose(attribution, multi.attributions[input] as Nested)
      }
      expectClose(deltas, multi.deltas)
    })

    describe.each(['grad_dot', 'grad_cos', 'grad_asym_dot'] as const)(
      '%s',
      (simFn: SimilarityName) => {
        it.each([
          { lossFn: 'sparseCategoricalCrossentropyFromLogits' as const, precomputeGrads: false },
          { lossFn: 'sparseCategoricalCrossentropyFromLogits' as const, precomputeGrads: true },
          { lossFn: crossEntropy, precomputeGrads: true },
        ])(
          'scores and ranks the training examples ($lossFn, stored: $precomputeGrads)',
          async (options) => {
            const model = denseNet(gradsim.weights, ['tanh', 'linear'])
            using explainer = new GradientSimilarity(tfjsPredictor(model), options.lossFn, {
              simFn,
              device,
              eps: 1e-7,
              precomputeGrads: options.precomputeGrads,
            })
            await explainer.fit(gradsim.X_train, gradsim.Y_train)
            const explanation = await explainer.explain(gradsim.X)
            const expected = gradsim.cases[simFn]
            expectClose(explanation.scores, expected.scores)
            expect([...explanation.orderedIndices.data]).toEqual(expected.ordered_indices.flat())
            expect(explanation.scores.shape).toEqual([3, 12])
            expectClose(explanation.mostSimilar as NdArray, expected.most_similar)
            expectClose(explanation.leastSimilar as NdArray, expected.least_similar)
            expect((explanation.leastSimilar as NdArray).shape).toEqual([3, 5, 4])
          },
        )
      },
    )

    it("computes alibi's gradient of a single example", async () => {
      const model = denseNet(gradsim.weights, ['tanh', 'linear'])
      using session = await tfjsPredictor(model).open(device, { allowSoftware: true })
      const [x] = gradsim.X_train
      const block = await hostGradients(
        session,
        [{ data: Float64Array.from(x ?? []), shape: [1, 4] }],
        { data: Float64Array.from(gradsim.Y_train.slice(0, 1)), shape: [1] },
        'sparseCategoricalCrossentropyFromLogits',
      )
      const values = block.segments.flatMap((segment) => {
        if (segment.kind !== 'factored') return segment.kind === 'dense' ? [...segment.values] : []
        return [...segment.a].flatMap((a) => [...segment.delta].map((delta) => a * delta))
      })
      const sorted = (numbers: number[]): number[] => numbers.toSorted((p, q) => p - q)
      expectClose(
        { data: Float64Array.from(sorted(values)), shape: [values.length] },
        sorted(gradsim.grad_X_train_row0),
      )
    })
  })
}

/** The sparse cross-entropy from logits, averaged over the batch, as a loss function of the page. */
function crossEntropy(yTrue: tf.Tensor, yPred: tf.Tensor): tf.Tensor {
  const oneHot = tf.oneHot(yTrue.flatten().toInt(), yPred.shape[1] ?? 1)
  return tf.losses.softmaxCrossEntropy(oneHot, yPred)
}

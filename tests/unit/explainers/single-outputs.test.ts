import * as tf from '@tensorflow/tfjs'
import { ExpectedGradients, Gradient, IntegratedGradients, type NdArray } from 'gradlens'
import { AttributionEvaluator } from 'gradlens/evaluation'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { useDevice } from '../../support/devices/devices.js'
import { expectNear, rowOf } from '../../support/references/differences.js'

/** Float32 sums of a few products, of order 1. */
const tolerance = 1e-6

const weights = [0.5, -1, 0.25]
const x = [
  [0.2, -0.4, 1],
  [1, 0.5, -0.3],
]
const baselines = [0.1, 0, -0.2]
const device = 'cpu'

const score = (row: readonly number[]): number =>
  1 / (1 + Math.exp(-row.reduce((sum, value, k) => sum + value * weights[k]!, 0)))

/** A probability for each example, of shape [N, …ones]. */
const predictor = (shape: readonly number[]): ReturnType<typeof tfjsPredictor> =>
  tfjsPredictor({
    call: (input) =>
      tf.sigmoid(input.mul(tf.tensor1d(weights)).sum(1)).reshape([input.shape[0], ...shape]),
    variables: [],
    inputs: [{ shape: [3] }],
  })

const negative = ({ data, shape }: NdArray): NdArray => ({ data: data.map((v) => -v), shape })

describe.each([[[]], [[1]], [[1, 1]]])('one output for each example, of shape %j', (shape) => {
  beforeAll(() => useDevice('cpu'))

  it('is F without a target and with 1, and 1 − F with 0, in attributions and deltas alike', async () => {
    using integrated = new IntegratedGradients(predictor(shape), {
      device,
      method: 'riemann_left',
      nSteps: 3,
    })
    using expected = new ExpectedGradients(predictor(shape), { device, nSamples: 5 })
    for (const explain of [
      (target?: number | number[]) => integrated.explain(x, { target, baselines }),
      (target?: number | number[]) => expected.explain(x, { target, background: [baselines] }),
    ]) {
      const [none, one, zero, mixed] = [
        await explain(),
        await explain(1),
        await explain(0),
        await explain([0, 1]),
      ]
      expect(none.predictions.shape).toEqual([2, ...shape])
      expect(none.target).toBeNull()
      for (const key of ['data', 'shape'] as const) {
        expect(one.attributions[0]![key]).toEqual(none.attributions[0]![key])
      }
      expectNear(zero.attributions[0]!.data, negative(none.attributions[0]!).data, tolerance)
      expectNear(zero.deltas.data, negative(none.deltas).data, tolerance)
      expectNear(
        mixed.attributions[0]!.data,
        [...zero.attributions[0]!.data.subarray(0, 3), ...one.attributions[0]!.data.subarray(3)],
        tolerance,
      )
      expectNear(mixed.deltas.data, [zero.deltas.data[0]!, one.deltas.data[1]!], tolerance)
      expect([...mixed.target!.data]).toEqual([0, 1])
      // Three left ends and five draws miss the difference by far more than rounding does.
      expect(Math.max(...one.deltas.data.map(Math.abs))).toBeGreaterThan(100 * tolerance)
      for (const [i, row] of x.entries()) {
        const sum = rowOf(one.attributions[0]!, i).reduce((total, value) => total + value, 0)
        expectNear([one.deltas.data[i]!], [sum - (score(row) - score(baselines))], tolerance)
      }
    }
  })

  it('has the gradient of F or of 1 − F, and one square for both', async () => {
    using plain = new Gradient(predictor(shape), { device, nClasses: 1 })
    const none = (await plain.explain(x)).attributions[0]!
    const slopes = x.flatMap((row) => weights.map((w) => w * score(row) * (1 - score(row))))
    expectNear(none.data, slopes, tolerance)
    const zero = (await plain.explain(x, { target: 0 })).attributions[0]!
    expectNear(zero.data, negative(none).data, tolerance)
    for (const squared of [false, true]) {
      using smooth = new Gradient(predictor(shape), { device, smoothGrad: { samples: 4, squared } })
      const [ofNone, ofZero] = [await smooth.explain(x), await smooth.explain(x, { target: 0 })]
      const [first] = ofNone.attributions
      const expected = squared ? first! : negative(first!)
      expectNear(ofZero.attributions[0]!.data, expected.data, tolerance)
    }
  })

  it('is perturbed as F or as 1 − F', async () => {
    using evaluator = new AttributionEvaluator(predictor(shape), { device })
    const attributions = { data: Float32Array.of(1, 2, 3, 3, 2, 1), shape: [2, 3] }
    const one = await evaluator.deletion(x, attributions, { target: 1, steps: 3 })
    const zero = await evaluator.deletion(x, attributions, { target: 0, steps: 3 })
    expectNear([one.scores.data[0]!, one.scores.data[4]!], x.map(score), tolerance)
    expectNear(
      zero.scores.data,
      one.scores.data.map((value) => 1 - value),
      tolerance,
    )
  })
})

import * as tf from '@tensorflow/tfjs'
import {
  ExpectedGradients,
  Explanation,
  Gradient,
  IntegratedGradients,
  type TargetInput,
} from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { devices, useDevice } from '../../support/devices/devices.js'
import { expectNear } from '../../support/references/differences.js'
import { disposedAfterTest } from '../../support/models/models.js'
import { seededRandom, uniform } from '../../support/random.js'
import { expectError } from '../../support/refusals.js'

/** Float32 sums of a few terms of order 1. */
const tolerance = 1e-5

const examples = { data: uniform(seededRandom(4), 12, [-1, 1]), shape: [3, 4] }

const build = (): tf.Sequential =>
  disposedAfterTest(
    tf.sequential({
      layers: [
        tf.layers.dense({ units: 5, activation: 'tanh', inputShape: [4], name: 'hidden' }),
        tf.layers.dense({ units: 3, activation: 'sigmoid' }),
      ],
    }),
  )

describe.each(devices)('several targets on %s', (device) => {
  beforeAll(() => useDevice('cpu'))

  const explainers = {
    gradient: { Explainer: Gradient, options: { device } },
    'gradient at a layer, smoothed': {
      Explainer: Gradient,
      options: { device, layer: 'hidden', smoothGrad: { samples: 3 } },
    },
    'input times gradient': { Explainer: Gradient, options: { device, multiplyByInputs: true } },
    'integrated gradients': { Explainer: IntegratedGradients, options: { device, nSteps: 5 } },
    'integrated gradients at a layer': {
      Explainer: IntegratedGradients,
      options: { device, nSteps: 5, layer: 'hidden', internalBatchSize: 4 },
    },
    'expected gradients': { Explainer: ExpectedGradients, options: { device, nSamples: 6 } },
  } as const

  it.each(Object.entries(explainers))(
    '%s: each equals a call of its own, and sums add up',
    async (_, kind) => {
      const Explainer = kind.Explainer as typeof ExpectedGradients
      using explainer = new Explainer(tfjsPredictor(build()), kind.options)
      const background = examples
      const options = (
        target: TargetInput,
      ): { target: TargetInput; background: typeof examples } =>
        (kind.Explainer as unknown) === ExpectedGradients
          ? { target, background }
          : ({ target } as never)
      const explain = (target: TargetInput): ReturnType<typeof explainer.explain> =>
        explainer.explain(examples, options(target))
      const alone = [await explain(0), await explain(1), await explain(2)]
      const all = await explain({ each: [0, 1, 2] })
      expect(all.attributions[0]!.shape).toEqual([3, ...alone[0]!.attributions[0]!.shape])
      expectNear(
        all.attributions[0]!.data,
        alone.flatMap((e) => [...e.attributions[0]!.data]),
        tolerance,
      )
      expect(all.target).toEqual({ data: Int32Array.of(0, 0, 0, 1, 1, 1, 2, 2, 2), shape: [3, 3] })

      const sum = await explain({ sum: [0, 2] })
      const [zero, , two] = alone.map((e) => e.attributions[0]!.data)
      expectNear(
        sum.attributions[0]!.data,
        zero!.map((value, k) => value + two![k]!),
        tolerance,
      )
      expect(sum.targetSum).toEqual({ data: Int32Array.of(0, 2), shape: [2] })

      const rows = await explain({
        each: [
          [0, 1, 2],
          [2, 2, 0],
        ],
      })
      const size = alone[0]!.attributions[0]!.data.length / 3
      const chosen = [0, 1, 2, 2, 2, 0].flatMap((t, at) => {
        const i = at % 3
        return [...alone[t]!.attributions[0]!.data.slice(i * size, (i + 1) * size)]
      })
      expectNear(rows.attributions[0]!.data, chosen, tolerance)
      if ('deltas' in all) {
        expect(all.deltas.shape).toEqual([3, 3])
        expectNear(
          all.deltas.data,
          alone.flatMap((e) => [...e.deltas.data]),
          tolerance,
        )
        expectNear(
          sum.deltas.data,
          alone[0]!.deltas.data.map((d, i) => d + alone[2]!.deltas.data[i]!),
          tolerance,
        )
      }
      const read = Explanation.fromJSON(JSON.stringify(sum))
      expect(read.data['targetSum']).toEqual(sum.targetSum)
    },
  )

  it('sums of outputs of higher rank have a row of indices for each', async () => {
    const model = disposedAfterTest(
      tf.sequential({
        layers: [
          tf.layers.dense({ units: 6, activation: 'tanh', inputShape: [4] }),
          tf.layers.reshape({ targetShape: [2, 3] }),
        ],
      }),
    )
    using explainer = new Gradient(tfjsPredictor(model), { device })
    const at = async (row: number[]): Promise<Float32Array> =>
      (await explainer.explain(examples, { target: [row, row, row] })).attributions[0]!
        .data as Float32Array
    const [a, b] = [await at([0, 1]), await at([1, 2])]
    const sum = await explainer.explain(examples, {
      target: {
        sum: [
          [0, 1],
          [1, 2],
        ],
      },
    })
    expectNear(
      sum.attributions[0]!.data,
      a.map((value, k) => value + b[k]!),
      tolerance,
    )
  })
})

describe('targets', () => {
  beforeAll(() => useDevice('cpu'))

  it.each<[unknown, string, string]>([
    [[0, [1, 2]], 'target: got a list of numbers and lists', '{ each: [target, target] }'],
    [[0, { sum: [1, 2] }], 'target: got a list of numbers and sums', '{ sum: [index, index] }'],
    [[{ sum: [1] }], 'target: got a list of sums', '{ each: [target, target] }'],
    [
      { each: [0, { sum: [1, 2] }] },
      'target.each[1].sum: got a sum of shape [2], after an index',
      '{ sum: [3] }',
    ],
    [
      { each: [0, [0, 1, 2]] },
      'target.each[1]: got indices of shape [3], after an index',
      'targets of one form',
    ],
    [{ each: [] }, 'target.each: got an array of length 0', 'one target or more'],
    [{ each: 1 }, 'target.each: got 1', 'a list'],
    [{ each: [0, 3] }, 'target.each[1]: got 3', 'an integer from 0 to 2'],
    [{ sum: [] }, 'target.sum: got an array of length 0', 'one or more'],
    [{ sum: 1 }, 'target.sum: got 1', 'a list of one or more outputs'],
    [{ sum: [0, 3] }, 'target.sum: got 3', 'integers from 0 to 2'],
    [{ sum: [1, 1] }, 'target.sum: got [1, 1]', 'each output once'],
    [{ sum: [[0, 1]] }, 'target.sum: got shape [1, 2]', 'a list of indices'],
  ])('%o is refused', async (target, ...parts) => {
    using explainer = new Gradient(tfjsPredictor(build()), { device: 'cpu' })
    const explain = (): unknown => explainer.explain(examples, { target: target as TargetInput })
    await expectError(explain, 'InvalidArgumentError', ...parts)
  })
})

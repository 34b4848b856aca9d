import {
  Explanation,
  IntegratedGradients,
  type IntegratedGradientsOptions,
  type NdArray,
  type QuadratureMethod,
} from 'gradlens'
import { describe, expect, it } from 'vitest'
import { densePredictor } from '../../support/models/dense-net.js'
import { expectNear } from '../../support/references/differences.js'
import { expectError } from '../../support/refusals.js'
import { classifier, testX, twoInputClassifier } from '../../support/models/small-nets.js'

/** Float64 sums, rounded to float32. */
const tolerance = 1e-6

/** A net so steep that few steps are not enough; the third example equals the baseline. */
const steep = densePredictor([
  { kernel: [[9], [0.5]], bias: [-6], activation: 'tanh' },
  { kernel: [[1]], bias: [0], activation: 'linear' },
])
const x = [
  [2, 1],
  [0.1, 0.2],
  [0, 0],
]

const countedPoints = (
  predictor: typeof steep,
): { predictor: typeof steep; points: { count: number; most: number } } => {
  const points = { count: 0, most: 0 }
  const open: typeof predictor.open = async (...of) => {
    const session = await predictor.open(...of)
    const inputGradients = session.inputGradients.bind(session)
    session.inputGradients = (values, indices, further) => {
      points.count += indices.length
      points.most = Math.max(points.most, indices.length)
      return inputGradients(values, indices, further)
    }
    return session
  }
  return { predictor: { ...predictor, open }, points }
}

describe('integrated gradients to a tolerance', () => {
  it.each([
    ['riemann_left', 4, (steps: number) => steps],
    ['riemann_right', 4, (steps: number) => steps],
    ['riemann_trapezoid', 5, (steps: number) => steps],
    // 4 + 8 + 16 + … evaluations.
    ['riemann_middle', 4, (steps: number) => 2 * steps - 4],
    ['gausslegendre', 4, (steps: number) => 2 * steps - 4],
  ] satisfies [QuadratureMethod, number, (steps: number) => number][])(
    'double the steps only of the examples that need it: %s',
    async (method, nSteps, evaluated) => {
      const { predictor, points } = countedPoints(steep)
      const options = { device: 'cpu', method, nSteps, tolerance: 0.01, maxSteps: 4096 } as const
      using explainer = new IntegratedGradients(predictor, options)
      const e = await explainer.explain(x)
      expect(e.notReached).toEqual([])
      for (const delta of e.deltas.data) expect(Math.abs(delta)).toBeLessThanOrEqual(0.01)
      const steps = [...e.steps!.data]
      expect(steps[0]).toBeGreaterThan(nSteps)
      expect(steps[2]).toBe(nSteps)
      expect(points.count).toBe(steps.reduce((sum, count) => sum + evaluated(count), 0))
      for (const [i, count] of steps.entries()) {
        using fixed = new IntegratedGradients(steep, { device: 'cpu', method, nSteps: count })
        const alone = await fixed.explain([x[i]!])
        const own = e.attributions[0]!.data.subarray(2 * i, 2 * i + 2)
        expectNear(own, alone.attributions[0]!.data, tolerance)
        expect(alone.steps).toBeUndefined()
      }
    },
  )

  it("name the examples that don't reach it within the limit", async () => {
    using explainer = new IntegratedGradients(steep, {
      device: 'cpu',
      method: 'riemann_left',
      nSteps: 3,
      tolerance: 1e-6,
      maxSteps: 13,
    })
    const e = await explainer.explain(x)
    expect([...e.steps!.data]).toEqual([12, 12, 3])
    const read = Explanation.fromJSON(JSON.stringify(e))
    expect(read.data['steps']).toEqual(e.steps)
    expect(read.data['notReached']).toEqual([0, 1])
    expect(e.notReached).toEqual([0, 1])
    expect(e.meta.params).toMatchObject({ tolerance: 1e-6, maxSteps: 13 })
  })

  it.each([
    [{ tolerance: 0 }, 'tolerance', 'a number above 0'],
    [{ tolerance: NaN }, 'tolerance', 'a number above 0'],
    [{ maxSteps: 100 }, 'maxSteps', 'a tolerance with it'],
    [{ tolerance: 0.1, nSteps: 20, maxSteps: 10 }, 'maxSteps: got 10', 'nSteps, 20, or more'],
    [{ tolerance: 0.1, maxSteps: 0.5 }, 'maxSteps', 'integer'],
  ] satisfies [IntegratedGradientsOptions, string, string][])(
    'refuse %o',
    async (options, first, second) => {
      await expectError(
        () => new IntegratedGradients(steep, options),
        'InvalidArgumentError',
        first,
        second,
      )
    },
  )
})

it.each([1, 4, 7, 100])(
  'internalBatchSize %d counts the points of paths',
  async (internalBatchSize) => {
    const { predictor, points } = countedPoints(steep)
    const options = { device: 'cpu', nSteps: 5, internalBatchSize } as const
    using explainer = new IntegratedGradients(predictor, options)
    await explainer.explain(x)
    expect(points).toEqual({ count: 15, most: Math.min(internalBatchSize, 15) })
  },
)

describe('integrated gradients from several baselines', () => {
  it('are the means of those from each', async () => {
    using explainer = new IntegratedGradients(classifier(), { device: 'cpu', nSteps: 6 })
    const baselines = [null, 0.5, [0.1, -0.2, 0.3]]
    const target = [2, 0]
    const each = await Promise.all(
      baselines.map((one) => explainer.explain(testX, { target, baselines: one })),
    )
    const e = await explainer.explain(testX, { target, baselines: { average: baselines } })
    const mean = (of: (k: number) => NdArray): number[] =>
      Array.from(of(0).data, (_, at) => (of(0).data[at]! + of(1).data[at]! + of(2).data[at]!) / 3)
    expectNear(
      e.attributions[0]!.data,
      mean((k) => each[k]!.attributions[0]!),
      tolerance,
    )
    expectNear(
      e.deltas.data,
      mean((k) => each[k]!.deltas),
      tolerance,
    )
    const { data, shape } = e.baselines as NdArray
    expect(shape).toEqual([3, 2, 3])
    expect([...data]).toEqual([
      ...[0, 0, 0, 0, 0, 0],
      ...[0.5, 0.5, 0.5, 0.5, 0.5, 0.5],
      ...[0.1, -0.2, 0.3, 0.1, -0.2, 0.3],
    ])
  })

  it('accept one for each input of a model, and name the one that is wrong', async () => {
    using explainer = new IntegratedGradients(twoInputClassifier(), { device: 'cpu', nSteps: 3 })
    const image = [
      [
        [0.1, 0.2],
        [0.3, -0.4],
      ],
    ]
    const inputs = [image, [[0.5, 0.1, -0.2]]]
    const e = await explainer.explain(inputs, {
      target: 1,
      baselines: { average: [[0.1, null], null] },
    })
    expect((e.baselines as NdArray[]).map(({ shape }) => shape[0])).toEqual([2, 2])
    for (const [average, ...parts] of [
      [[], 'baselines.average: got', 'one or more'],
      [[null, 3], 'baselines.average[1]', 'a list of 2'],
      [[[null, [[1, 2]]]], 'baselines.average[0][1]', 'shape [1, 2]'],
    ] as const) {
      await expectError(
        () => explainer.explain(inputs, { target: 1, baselines: { average } }),
        'InvalidArgumentError',
        ...parts,
      )
    }
  })
})

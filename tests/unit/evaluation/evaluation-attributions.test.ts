import fc from 'fast-check'
import { IntegratedGradients, type NdArray, type Predictor } from 'gradlens'
import { AttributionEvaluator } from 'gradlens/evaluation'
import { describe, expect, it, onTestFinished } from 'vitest'
import { densePredictor } from '../../support/models/dense-net.js'
import { expectNear } from '../../support/references/differences.js'
import { recorded, tanhNet } from '../../support/models/evaluated-models.js'
import { seededRandom, uniform } from '../../support/random.js'

/** Inputs are rounded to float32, 6e-8 relative; sums of some ten products of numbers below 3 keep that. */
const float32Tolerance = 3e-6

/** Two linear outputs of five inputs; output 1 has w · x + 0.5. */
const w = [2, -1, 0.5, 3, -0.25]
const linear = densePredictor([
  { kernel: w.map((value, k) => [k - 2, value]), bias: [0.1, 0.5], activation: 'linear' },
])
const x: NdArray = {
  data: Float32Array.from([1, 2, 3, 4, 5, -1, 0.5, 0.25, -2, 8, 0, 1, 0, -1, 0]),
  shape: [3, 5],
}
const baseline = 0.5
/** What a linear model's attributions should be: w ⊙ (x − b). */
const exact: NdArray = {
  data: Float64Array.from(x.data, (value, at) => w[at % 5]! * (value - baseline)),
  shape: [3, 5],
}
const of = { target: 1, baselines: baseline }

function evaluatorOf(
  predictor: Predictor<NdArray>,
  batchSize?: number,
): AttributionEvaluator<NdArray> {
  const evaluator = new AttributionEvaluator(predictor, {
    device: 'cpu',
    ...(batchSize === undefined ? {} : { batchSize }),
  })
  onTestFinished(() => {
    evaluator.dispose()
  })
  return evaluator
}

const row = ({ data, shape }: NdArray, i: number): number[] => {
  const size = data.length / shape[0]!
  return [...data.subarray(i * size, (i + 1) * size)]
}
const outputAt = (point: readonly number[]): number =>
  point.reduce((sum, value, k) => sum + w[k]! * value, 0.5)

describe('completeness', () => {
  it('is 0 for the attributions of a linear model, and equals any error added to them', async () => {
    const evaluator = evaluatorOf(linear)
    const complete = await evaluator.completeness(x, exact, of)
    expectNear(complete.deltas.data, [0, 0, 0], float32Tolerance)
    const differences = [0, 1, 2].map((i) => outputAt(row(x, i)) - outputAt(w.map(() => baseline)))
    expectNear(complete.differences.data, differences, float32Tolerance)

    const moved = { data: Float64Array.from(exact.data), shape: [3, 5] }
    moved.data[3]! += 0.75
    moved.data[9]! -= 2
    const { deltas, mean } = await evaluator.completeness(x, moved, of)
    expectNear(deltas.data, [0.75, -2, 0], float32Tolerance)
    expect(mean).toBeCloseTo(2.75 / 3, 5)
  })

  it('agrees with the deltas of integrated gradients, also for class 0 of a single output', async () => {
    const predictor = densePredictor([
      { kernel: w.map((value) => [value / 4]), bias: [0.2], activation: 'sigmoid' },
    ])
    using explainer = new IntegratedGradients(predictor, { device: 'cpu', nSteps: 3 })
    for (const target of [undefined, 0, [0, 1, 0]]) {
      const explanation = await explainer.explain(x, { target, baselines: 0.25 })
      const { deltas } = await evaluatorOf(predictor).completeness(x, explanation.attributions, {
        target: explanation.target,
        baselines: 0.25,
      })
      expectNear(deltas.data, explanation.deltas.data, float32Tolerance)
    }
  })
})

describe('deletion and insertion', () => {
  it('follow the partial sums of a linear model, feature by feature', async () => {
    const { scores, fractions, areas } = await evaluatorOf(linear).deletion(x, exact, of)
    expect(fractions).toEqual({ data: Float64Array.from([0, 0.2, 0.4, 0.6, 0.8, 1]), shape: [6] })
    expect(scores.shape).toEqual([3, 6])
    for (const i of [0, 1, 2]) {
      const order = row(exact, i).sort((a, b) => b - a)
      const curve = [0, 1, 2, 3, 4, 5].map((k) =>
        order.slice(0, k).reduce((score, attribution) => score - attribution, outputAt(row(x, i))),
      )
      expectNear(row(scores, i), curve, float32Tolerance)
      const area = curve.reduce((sum, score, k) => sum + score / (k === 0 || k === 5 ? 10 : 5), 0)
      expect(areas.data[i]).toBeCloseTo(area, 5)
    }
  })

  it('changes the features in the given number of equal parts, and is exact to the last', async () => {
    const { calls, predictor } = recorded(linear)
    const { fractions, scores, areas, mean } = await evaluatorOf(predictor).insertion(x, exact, {
      ...of,
      steps: 2,
    })
    // ⌊5 / 2⌋ features at the first step, so that the parts are not equally wide.
    expectNear(fractions.data, [0, 0.4, 1], 1e-15)
    const points = calls
      .slice(1)
      .flatMap(([batch]) => [0, 1, 2].flatMap((i) => [row(batch!, i + 3)]))
    // Attributions 1, −1.5, 1.25, 10.5, −1.125.
    expect(points[0]).toEqual([0.5, 0.5, 3, 4, 0.5])
    const [start, middle, end] = row(scores, 0)
    expect(areas.data[0]).toBeCloseTo(
      0.4 * ((start! + middle!) / 2) + 0.6 * ((middle! + end!) / 2),
      12,
    )
    expect(mean).toBeCloseTo([...areas.data].reduce((sum, area) => sum + area, 0) / 3, 12)
  })

  it('are each other in reverse if the attributions change their sign', async () => {
    await fc.assert(
      fc.asyncProperty(
        // 0 and -0 are equal: of equal attributions the lower feature is first in both directions.
        fc.uniqueArray(fc.float({ min: -4, max: 4, noNaN: true }), {
          minLength: 5,
          maxLength: 5,
          comparator: 'SameValueZero',
        }),
        fc.integer({ min: 0, max: 1000 }),
        async (attributions, seed) => {
          const net = tanhNet(seed)
          const point = [[...uniform(seededRandom(seed), 5, [-1, 1])]]
          const evaluator = evaluatorOf(net)
          const deletion = await evaluator.deletion(point, [attributions], { target: 0 })
          const negated = [attributions.map((value) => -value)]
          const insertion = await evaluator.insertion(point, negated, { target: 0 })
          expectNear(deletion.scores.data, [...insertion.scores.data].reverse(), float32Tolerance)
        },
      ),
      { numRuns: 25 },
    )
  })

  it('change one feature per step if there are more steps than features, also with a single feature', async () => {
    const { scores } = await evaluatorOf(linear).deletion(x, exact, { ...of, steps: 1000 })
    expect(scores.shape).toEqual([3, 6])
    const one = densePredictor([{ kernel: [[3]], bias: [1], activation: 'linear' }])
    const { scores: pair, areas } = await evaluatorOf(one).deletion([[2]], [[5]])
    expect(pair).toEqual({ data: Float64Array.from([7, 1]), shape: [1, 2] })
    expect(areas.data[0]).toBe(4)
  })

  it('change the lower of two equal features first', async () => {
    const { calls, predictor } = recorded(linear)
    await evaluatorOf(predictor, 1).deletion([[1, 2, 3, 4, 5]], [[0, 1, 1, 0, 1]], { target: 1 })
    expect(calls.slice(1).map(([point]) => row(point!, 0))).toEqual([
      [1, 2, 3, 4, 5],
      [1, 0, 3, 4, 5],
      [1, 0, 0, 4, 5],
      [1, 0, 0, 4, 0],
      [0, 0, 0, 4, 0],
      [0, 0, 0, 0, 0],
    ])
  })

  it('change a pixel with all its channels, by the sum of their attributions', async () => {
    const image = { data: Float32Array.from([1, 2, 3, 4]), shape: [1, 1, 2, 2] }
    const attributions = { data: Float32Array.from([5, -5, 1, 1]), shape: [1, 1, 2, 2] }
    const predictor = densePredictor(
      [{ kernel: [[1], [1], [1], [1]], bias: [0], activation: 'linear' }],
      { inputShapes: [[1, 2, 2]] },
    )
    const evaluator = evaluatorOf(predictor)
    const pixels = await evaluator.deletion(image, attributions)
    expect([...pixels.scores.data]).toEqual([10, 3, 0])
    const elements = await evaluator.deletion(image, attributions, { groupLastAxis: false })
    expect([...elements.scores.data]).toEqual([10, 9, 6, 2, 0])
  })

  it('rank the features of several inputs together, and never remove further arguments', async () => {
    const predictor = densePredictor(
      [{ kernel: [[1], [10], [100]], bias: [0], activation: 'linear' }],
      { inputShapes: [[2], [1]] },
    )
    const inputs = [
      { data: Float32Array.from([1, 2]), shape: [1, 2] },
      { data: Float32Array.from([3]), shape: [1, 1] },
    ]
    const attributions = [
      { data: Float32Array.from([1, 3]), shape: [1, 2] },
      { data: Float32Array.from([2]), shape: [1, 1] },
    ]
    const { scores } = await evaluatorOf(predictor).deletion(inputs, attributions, {
      baselines: [null, [[1]]],
      forwardKwargs: { gain: [[2, 2, 2]] },
    })
    expect([...scores.data]).toEqual([642, 602, 202, 200])
  })
})

describe('muFidelity', () => {
  it('is 1 for a linear model’s attributions, −1 for their opposite', async () => {
    const evaluator = evaluatorOf(linear)
    for (const correlation of ['pearson', 'spearman'] as const) {
      const { correlations, mean } = await evaluator.muFidelity(x, exact, { ...of, correlation })
      expectNear(correlations.data, [1, 1, 1], float32Tolerance)
      expect(mean).toBeCloseTo(1, 5)
      const opposite = { data: Float64Array.from(exact.data, (value) => -value), shape: [3, 5] }
      const { mean: worst } = await evaluator.muFidelity(x, opposite, { ...of, correlation })
      expect(worst).toBeCloseTo(-1, 5)
    }
  })

  it('is the correlation over the subsets that were removed', async () => {
    const { calls, predictor } = recorded(tanhNet(3))
    const point = [...uniform(seededRandom(4), 5, [1, 2])]
    const attributions = [...uniform(seededRandom(5), 5, [-1, 1])]
    const { correlations } = await evaluatorOf(predictor, 7).muFidelity([point], [attributions], {
      target: 0,
      samples: 40,
      subsetSize: 2,
    })
    const points = calls
      .slice(1)
      .flatMap(([batch]) => Array.from({ length: batch!.shape[0]! }, (_, i) => row(batch!, i)))
    expect(points).toHaveLength(41)
    const subsets = points.slice(1).map((perturbed) => perturbed.map((value) => value === 0))
    expect(subsets.every((subset) => subset.filter(Boolean).length === 2)).toBe(true)
    expect(new Set(subsets.map((subset) => subset.join())).size).toBe(10)
    const sums = subsets.map((subset) =>
      subset.reduce((sum, removed, k) => sum + (removed ? attributions[k]! : 0), 0),
    )
    using session = await tanhNet(3).open('cpu', { allowSoftware: true })
    const outputs = await session.predict(
      [{ data: Float32Array.from(points.flat()), shape: [41, 5] }],
      {},
    )
    const drops = sums.map((_, s) => outputs.data[0]! - outputs.data[2 * (s + 1)]!)
    expect(correlations.data[0]).toBeCloseTo(plainCorrelation(sums, drops), 10)
  })

  it('is NaN, and left out of the mean, without anything to correlate', async () => {
    const evaluator = evaluatorOf(linear)
    const flat = { data: Float64Array.from(exact.data), shape: [3, 5] }
    flat.data.fill(0.1, 5, 10)
    const { correlations, mean } = await evaluator.muFidelity(x, flat, of)
    expect(correlations.data[1]).toBeNaN()
    expect(mean).toBeCloseTo(1, 5)
    const constant = densePredictor([{ kernel: w.map(() => [0]), bias: [3], activation: 'linear' }])
    expect((await evaluatorOf(constant).muFidelity(x, exact)).mean).toBeNaN()
    const all = await evaluator.muFidelity(x, exact, { ...of, subsetSize: 5 })
    expect(all.mean).toBeNaN()
  })

  it('draws the same subsets for the same seed, and others for another', async () => {
    const evaluator = evaluatorOf(tanhNet(1))
    const measure = async (seed?: number): Promise<number> =>
      (await evaluator.muFidelity(x, exact, { target: 0, samples: 20, seed })).mean
    expect(await measure()).toBe(await measure(0))
    expect(await measure(1)).not.toBe(await measure(0))
  })
})

describe('every measure', () => {
  const measures = ['completeness', 'deletion', 'insertion', 'muFidelity'] as const

  it.each(measures)(
    'is the same for any batch size, and never exceeds it (%s)',
    async (measure) => {
      const net = tanhNet(2)
      const whole = await evaluatorOf(net, 10_000)[measure](x, exact, { target: 0 })
      const { calls, predictor } = recorded(net)
      const small = await evaluatorOf(predictor, 2)[measure](x, exact, { target: 0 })
      expect(small).toEqual(whole)
      expect(Math.max(...calls.map(([batch]) => batch!.shape[0]!))).toBe(2)
    },
  )

  it.each(measures)('reports progress, and ends with an abort (%s)', async (measure) => {
    const evaluator = evaluatorOf(tanhNet(2), 2)
    const controller = new AbortController()
    const done: number[] = []
    const aborted = evaluator[measure](x, exact, {
      target: 0,
      signal: controller.signal,
      onProgress: (progress) => {
        done.push(progress.done)
        controller.abort(new Error('enough'))
      },
    })
    await expect(aborted).rejects.toThrow('enough')
    expect(done).toEqual([2])
    await expect(
      evaluator[measure](x, exact, { target: 0, signal: AbortSignal.abort('before') }),
    ).rejects.toBe('before')
    const progress: string[] = []
    await evaluator[measure](x, exact, {
      target: 0,
      onProgress: ({ phase, done, total }) => progress.push(`${phase} ${done / total}`),
    })
    expect(progress.at(-1)).toBe('evaluate 1')
  })

  it.each(measures)('names what is wrong with its arguments (%s)', async (measure) => {
    const evaluator = evaluatorOf(linear)
    const rejects = async (
      attributions: Parameters<typeof evaluator.deletion>[1],
      options: object,
      message: string,
    ): Promise<void> => {
      await expect(evaluator[measure](x, attributions, options)).rejects.toThrow(message)
    }
    await rejects([exact, exact], of, 'attributions: got 2 arrays; expected one array')
    await rejects([[1, 2, 3, 4, 5]], of, 'attributions: got shape [1, 5]; expected shape [3, 5]')
    await rejects(
      { data: exact.data, shape: [5, 3] },
      of,
      'attributions: got shape [5, 3]; expected shape [3, 5], the shape of the explained inputs',
    )
    const holed = { data: Float64Array.from(exact.data), shape: [3, 5] }
    holed.data[7] = NaN
    await rejects(holed, of, 'attributions: NaN at [1, 2]')
    await rejects(exact, {}, 'target: got none')
    await rejects(exact, { target: 2 }, 'target: got 2')
    await rejects(exact, { ...of, baselines: [[1, 2]] }, 'baselines: got shape [1, 2]')
    await rejects(exact, { ...of, groupLastAxis: 1 }, 'groupLastAxis: got 1')
    await rejects(exact, { ...of, baseline: 0 }, "options: got 'baseline'")
    await rejects(exact, { ...of, forwardKwargs: { gain: [[1]] } }, 'forwardKwargs.gain')
  })

  it('refuses invalid numbers of steps, samples and features, and invalid seeds', async () => {
    const evaluator = evaluatorOf(linear)
    await expect(evaluator.deletion(x, exact, { ...of, steps: 0 })).rejects.toThrow('steps: got 0')
    const refused = [
      [{ samples: 1.5 }, 'samples: got 1.5'],
      [{ subsetSize: 6 }, 'subsetSize: got 6; expected at most 5'],
      [{ seed: -1 }, 'seed: got -1'],
    ] as const
    for (const [options, message] of refused) {
      await expect(evaluator.muFidelity(x, exact, { ...of, ...options })).rejects.toThrow(message)
    }
    expect(() => new AttributionEvaluator(linear, { batchSize: 0 })).toThrow('batchSize: got 0')
  })

  it("reports where the model’s output isn't finite", async () => {
    const overflowing = densePredictor([
      { kernel: w.map(() => [1e308]), bias: [0], activation: 'linear' },
    ])
    const deletion = evaluatorOf(overflowing).deletion([[8, 8, 0, 0, 0]], [w])
    await expect(deletion).rejects.toMatchObject({ name: 'NonFiniteError' })
  })

  it("ends with dispose, and doesn't change its arguments", async () => {
    const given = { data: exact.data.slice(), shape: [3, 5] }
    const evaluator = evaluatorOf(linear)
    await evaluator.deletion(x, given, of)
    expect(given.data).toEqual(exact.data)
    expect(evaluator.device).toBe('cpu')
    evaluator.dispose()
    evaluator.dispose()
    await expect(evaluator.deletion(x, exact, of)).rejects.toMatchObject({ name: 'DisposedError' })
  })
})

function plainCorrelation(a: readonly number[], b: readonly number[]): number {
  const centred = (values: readonly number[]): number[] => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    return values.map((value) => value - mean)
  }
  const product = (p: readonly number[], q: readonly number[]): number =>
    p.reduce((sum, value, k) => sum + value * q[k]!, 0)
  const [p, q] = [centred(a), centred(b)]
  return product(p, q) / Math.sqrt(product(p, p) * product(q, q))
}

import * as tf from '@tensorflow/tfjs'
import { GradientSimilarity, type NdArray, type SimilarityName } from 'gradlens'
import { tfjsPredictor } from 'gradlens/tfjs'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { devices, useDevice } from '../../support/devices/devices.js'
import { expectNear } from '../../support/references/differences.js'
import { denseNet, disposedAfterTest, setWeights } from '../../support/models/models.js'
import { seededRandom, uniform } from '../../support/random.js'
import { randomLayers } from '../../support/models/small-nets.js'
import { sequentialOf } from '../../support/models/tfjs-nets.js'

/** Float32 gradients summed in another order, relative to scores of order 1. */
const tolerance = 1e-5

const simFns = ['grad_dot', 'grad_cos', 'grad_asym_dot'] as const satisfies SimilarityName[]
const loss = 'sparseCategoricalCrossentropy'

const classifier = (): tf.Sequential => sequentialOf(randomLayers([4, 6, 3], 'softmax'))

/** w·x, without a bias: the gradient of (w·x − y)² is 2 (w·x − y) x, along x where y = 0 and w·x > 0. */
function linearModel(weights: readonly number[]): tf.Sequential {
  const layer = tf.layers.dense({ units: 1, useBias: false, inputShape: [weights.length] })
  const model = disposedAfterTest(tf.sequential({ layers: [layer] }))
  setWeights(model, [weights.map((weight) => [weight])])
  return model
}

const random = seededRandom(11)
const trainX = Array.from({ length: 10 }, () => [...uniform(random, 4, [-1, 1])])
const trainY = trainX.map((_, i) => i % 3)
const testX = Array.from({ length: 3 }, () => [...uniform(random, 4, [-1, 1])])

const row = ({ data, shape }: NdArray, i: number): number[] => {
  const length = shape[1] ?? 0
  return [...data.subarray(i * length, (i + 1) * length)]
}

/** The scores of each test example in the order of the training examples. */
function unsorted({
  scores,
  orderedIndices,
}: {
  scores: NdArray
  orderedIndices: NdArray
}): number[] {
  const [testCount = 0, trainCount = 0] = scores.shape
  const values = new Array<number>(testCount * trainCount).fill(NaN)
  for (const [at, index] of orderedIndices.data.entries()) {
    values[Math.floor(at / trainCount) * trainCount + index] = scores.data[at] ?? NaN
  }
  return values
}

/** What gradient similarity must be, whatever computes it. */

describe.each(devices)('gradient similarity on %s', (device) => {
  beforeAll(() => useDevice('cpu'))
  const options = { device } as const

  it('finds the nearest in angle on the unit circle by grad_cos', async () => {
    const onCircle = (degrees: number): number[] => [
      Math.cos((degrees * Math.PI) / 180),
      Math.sin((degrees * Math.PI) / 180),
    ]
    const degrees = [10, 25, 40, 55, 70, 85]
    using explainer = new GradientSimilarity(
      tfjsPredictor(linearModel([1, 1])),
      'meanSquaredError',
      {
        ...options,
        simFn: 'grad_cos',
        task: 'regression',
      },
    )
    await explainer.fit(degrees.map(onCircle), new Array<number>(6).fill(0))
    for (const [asked, order] of [
      [12, [0, 1, 2, 3, 4, 5]],
      [42, [2, 3, 1, 4, 0, 5]],
      [84, [5, 4, 3, 2, 1, 0]],
    ] as const) {
      const { scores, orderedIndices } = await explainer.explain(onCircle(asked), 0)
      expect([...orderedIndices.data]).toEqual(order)
      const cosines = order.map((i) => Math.cos((((degrees[i] ?? 0) - asked) * Math.PI) / 180))
      expectNear(scores.data, cosines, tolerance)
    }
  })

  it('ranks an outlier of great norm first by grad_dot only', async () => {
    const near = [0.9, 0.1]
    const outlier = [30, 25]
    const x = [near, [0.1, 0.9], outlier]
    const first = async (simFn: SimilarityName): Promise<number | undefined> => {
      using explainer = new GradientSimilarity(
        tfjsPredictor(linearModel([1, 1])),
        'meanSquaredError',
        {
          ...options,
          simFn,
          task: 'regression',
        },
      )
      await explainer.fit(x, [0, 0, 0])
      return (await explainer.explain([1, 0.1], 0)).orderedIndices.data[0]
    }
    expect(await first('grad_dot')).toBe(2)
    expect(await first('grad_cos')).toBe(0)
    expect(await first('grad_asym_dot')).not.toBe(2)
  })

  it('has a cosine of 1 for each training example with itself, and a symmetric matrix', async () => {
    using explainer = new GradientSimilarity(tfjsPredictor(classifier()), loss, {
      ...options,
      simFn: 'grad_cos',
    })
    await explainer.fit(trainX, trainY)
    const cosines = unsorted(await explainer.explain(trainX, trainY))
    const dots = unsorted(await explainer.explain(trainX, trainY, { simFn: 'grad_dot' }))
    for (let i = 0; i < 10; i++) {
      expectNear([cosines[11 * i] ?? NaN], [1], tolerance)
      for (let j = 0; j < i; j++) {
        for (const matrix of [cosines, dots]) {
          expectNear([matrix[10 * i + j] ?? NaN], [matrix[10 * j + i] ?? NaN], tolerance)
        }
      }
    }
  })

  it('ranks a duplicate of a training example first, the copy with the lower index before the other', async () => {
    const doubled = [...trainX, trainX[4]!]
    const labels = [...trainY, trainY[4]!]
    using explainer = new GradientSimilarity(tfjsPredictor(classifier()), loss, {
      ...options,
      simFn: 'grad_cos',
      batchSize: 11,
    })
    await explainer.fit(doubled, labels)
    const { orderedIndices, mostSimilar } = await explainer.explain(trainX[4]!, labels[4])
    expect([...orderedIndices.data.subarray(0, 2)]).toEqual([4, 10])
    const most = mostSimilar as NdArray
    expectNear(most.data.subarray(0, 8), [...doubled[4]!, ...doubled[10]!], 1e-12)
  })

  it.each(simFns)('%s does not depend on batches or on stored gradients', async (simFn) => {
    const model = classifier()
    const results: { scores: NdArray; orderedIndices: NdArray }[] = []
    for (const [batchSize, precomputeGrads] of [
      [16, false],
      [1, false],
      [3, true],
      [10, true],
    ] as const) {
      using explainer = new GradientSimilarity(tfjsPredictor(model), loss, {
        ...options,
        simFn,
        batchSize,
        precomputeGrads,
      })
      await explainer.fit(trainX, trainY)
      results.push(await explainer.explain(testX, [0, 1, 2]))
    }
    for (const other of results.slice(1)) {
      expect(other.orderedIndices).toEqual(results[0]?.orderedIndices)
      expectNear(other.scores.data, results[0]?.scores.data ?? [], tolerance)
    }
  })

  it('ranks for each test example as for the example alone', async () => {
    using explainer = new GradientSimilarity(tfjsPredictor(classifier()), loss, {
      ...options,
      precomputeGrads: true,
    })
    await explainer.fit(trainX, trainY)
    const together = await explainer.explain(testX, [0, 1, 2])
    for (const [i, x] of testX.entries()) {
      const alone = await explainer.explain(x, i)
      expect([...alone.orderedIndices.data]).toEqual(row(together.orderedIndices, i))
      expectNear(alone.scores.data, row(together.scores, i), tolerance)
    }
  })

  it('returns the examples that it names, at most as many as there are', async () => {
    using explainer = new GradientSimilarity(tfjsPredictor(classifier()), loss, {
      ...options,
      topK: 3,
    })
    await explainer.fit(trainX, trainY)
    const three = await explainer.explain(testX)
    expect((three.mostSimilar as NdArray).shape).toEqual([3, 3, 4])
    const all = await explainer.explain(testX, undefined, { topK: 99 })
    expect((all.leastSimilar as NdArray).shape).toEqual([3, 10, 4])
    expect(all.params['topK']).toBe(10)
    for (let i = 0; i < 3; i++) {
      const order = row(all.orderedIndices, i)
      const named = order.flatMap((index) => trainX[index] ?? [])
      const most = (all.mostSimilar as NdArray).data.subarray(40 * i, 40 * (i + 1))
      const least = (all.leastSimilar as NdArray).data.subarray(40 * i, 40 * (i + 1))
      expect([...most]).toEqual(named)
      expect([...least]).toEqual(order.toReversed().flatMap((index) => trainX[index] ?? []))
      const short = (three.mostSimilar as NdArray).data.subarray(12 * i, 12 * (i + 1))
      expect([...short]).toEqual(named.slice(0, 12))
    }
  })

  it('keeps only the ends of the order with ranking top', async () => {
    for (const precomputeGrads of [true, false]) {
      using explainer = new GradientSimilarity(tfjsPredictor(classifier()), loss, {
        ...options,
        precomputeGrads,
        batchSize: 3,
      })
      await explainer.fit(trainX, trainY)
      const full = await explainer.explain(testX, undefined, { topK: 4 })
      const top = await explainer.explain(testX, undefined, { topK: 4, ranking: 'top' })
      expect(top.scores.shape).toEqual([3, 4])
      for (const i of testX.keys()) {
        expect(row(top.scores, i)).toEqual(row(full.scores, i).slice(0, 4))
        expect(row(top.orderedIndices, i)).toEqual(row(full.orderedIndices, i).slice(0, 4))
      }
      expect(top.mostSimilar).toEqual(full.mostSimilar)
      expect(top.leastSimilar).toEqual(full.leastSimilar)
    }
  })

  it('compares the directions of very short gradients', async () => {
    // 1e-20 squared is no float32.
    const model = linearModel([1e-20, 1e-20])
    using explainer = new GradientSimilarity(tfjsPredictor(model), 'meanSquaredError', {
      ...options,
      task: 'regression',
      simFn: 'grad_cos',
      precomputeGrads: true,
    })
    await explainer.fit(
      [
        [1, 0],
        [1, 1],
        [0, 1e-5],
      ],
      [0, 0, 0],
    )
    const e = await explainer.explain([[2, 0]], [0])
    expect([...e.orderedIndices.data]).toEqual([0, 1, 2])
    expectNear(e.scores.data, [1, Math.SQRT1_2, 0], tolerance)
  })

  it('explains a regression by the given value', async () => {
    const model = sequentialOf(randomLayers([4, 5, 1], 'linear', 3))
    const values = trainX.map(([a = 0, b = 0]) => a - b)
    using explainer = new GradientSimilarity(tfjsPredictor(model), 'meanSquaredError', {
      ...options,
      simFn: 'grad_cos',
      task: 'regression',
    })
    await explainer.fit(trainX, values)
    const { scores, orderedIndices } = await explainer.explain(trainX[7]!, values[7])
    expect(orderedIndices.data[0]).toBe(7)
    expectNear(scores.data.subarray(0, 1), [1], tolerance)
  })

  it('counts a confidently wrong example: its gradient is not 0', async () => {
    // Logits ±60: the probability of the label underflows in float32.
    const model = denseNet([[[60, -60]], [0, 0]], ['softmax'])
    using explainer = new GradientSimilarity(tfjsPredictor(model), loss, options)
    await explainer.fit([[1], [1]], [1, 0])
    const { scores, orderedIndices } = await explainer.explain([1], 1)
    expect([...orderedIndices.data]).toEqual([0, 1])
    // g = (1, −1) on the two biases and on the two weights.
    expectNear(scores.data, [4, 0], tolerance)
  })

  it('ranks training examples whose gradient overflows last, and names them', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    // Twice 3e38 is no float32: example 1 has no finite output, and example 3 no finite scores.
    const model = denseNet([[[1], [1]], [0]], ['linear'])
    const x = [
      [1, 0],
      [3e38, 3e38],
      [0, 1],
      [-3e38, 3e38],
    ]
    using explainer = new GradientSimilarity(tfjsPredictor(model), 'meanSquaredError', {
      ...options,
      task: 'regression',
      topK: 4,
    })
    await explainer.fit(x, [0, 0, 0, 1])
    const e = await explainer.explain(
      [
        [1, 0.5],
        [0.5, -2],
      ],
      [0, 0],
    )
    for (const i of [0, 1]) {
      expect(row(e.orderedIndices, i).slice(2)).toEqual([1, 3])
      expect(row(e.scores, i).map(Number.isFinite)).toEqual([true, true, false, false])
    }
    expect(e.nonFinite).toEqual([
      [1, 3],
      [1, 3],
    ])
    const least = (e.leastSimilar as NdArray).data
    expect([...least.subarray(4, 8)]).toEqual([...(x[1] ?? []), ...(x[3] ?? [])])
    expect(warn.mock.calls.flat().join()).toMatch(
      /training examples 1, 3 are not finite; they are ranked last/,
    )
    warn.mockRestore()
  })

  it('refuses to rank if the gradient of the explained example overflows', async () => {
    const model = denseNet([[[1], [1]], [0]], ['linear'])
    using explainer = new GradientSimilarity(tfjsPredictor(model), 'meanSquaredError', {
      ...options,
      task: 'regression',
    })
    await explainer.fit(
      [
        [1, 0],
        [0, 1],
      ],
      [0, 0],
    )
    const x = [
      [1, 1],
      [3e38, 3e38],
    ]
    await expect(explainer.explain(x, [0, 0])).rejects.toMatchObject({
      name: 'NonFiniteError',
      index: [1],
    })
    expect((await explainer.explain([[1, 1]], [0])).scores.shape).toEqual([1, 2])
  })
})

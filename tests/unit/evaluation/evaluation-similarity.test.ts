import { GradientSimilarity, type NdArray } from 'gradlens'
import {
  identicalClassTest,
  identicalSubclassTest,
  mergeClasses,
  modelRandomisationTest,
} from 'gradlens/evaluation'
import { describe, expect, it } from 'vitest'
import { densePredictor } from '../../support/models/dense-net.js'
import { seededRandom, uniform } from '../../support/random.js'

/** Rankings of four training examples for three test examples. */
const orderedIndices = {
  data: Int32Array.from([2, 0, 1, 3, 0, 1, 2, 3, 3, 2, 1, 0]),
  shape: [3, 4],
}

describe('identical class test', () => {
  it('is the share of test examples whose most similar training example has their class', async () => {
    const result = await identicalClassTest(orderedIndices, [1, 0, 2, 2], [2, 0, 2])
    expect(result.share).toBeCloseTo(2 / 3, 15)
    expect(result.matches).toEqual({ data: Uint8Array.from([1, 0, 1]), shape: [3] })
    expect(result.classes).toEqual([
      { label: 0, testCount: 1, trainCount: 1, share: 0 },
      { label: 2, testCount: 2, trainCount: 2, share: 1 },
    ])
  })

  it('accepts one-hot rows as classes, and the top of a ranking', async () => {
    const oneHot = [
      [0, 1, 0],
      [1, 0, 0],
      [0, 0, 1],
      [0, 0, 1],
    ]
    const top = { data: Int32Array.from([2, 0, 3]), shape: [3, 1] }
    expect(await identicalClassTest(top, oneHot, [2, 0, 2])).toEqual(
      await identicalClassTest(orderedIndices, [1, 0, 2, 2], [2, 0, 2]),
    )
  })

  it('counts a class without training examples as missed, and reports it', async () => {
    const { share, classes } = await identicalClassTest(orderedIndices, [0, 0, 0, 0], [0, 5, 0])
    expect(share).toBeCloseTo(2 / 3, 15)
    expect(classes.at(-1)).toEqual({ label: 5, testCount: 1, trainCount: 0, share: 0 })
  })

  it.each([
    [orderedIndices, [1, 0, 2, 2], [2, 0], 'predictedLabels: got 2 labels for 3 test examples'],
    [orderedIndices, [1, 0, 2], [2, 0, 2], 'orderedIndices: got 3; expected indices of the 3'],
    [orderedIndices, [1, 0, 2, 0.5], [2, 0, 2], 'trainLabels: got 0.5 at [3]'],
    [orderedIndices, [1, 0, 2, 2], [2, NaN, 2], 'predictedLabels: got NaN at [1]'],
    [
      orderedIndices,
      [1, 0, 2, 2],
      [
        [0, 1],
        [1, 1],
        [1, 0],
      ],
      'predictedLabels: got a row [1, 1] at [1]',
    ],
    [orderedIndices, 3, [2, 0, 2], 'trainLabels: got 3'],
    [[1, 2], [1, 0, 2], [2, 0], 'orderedIndices: got shape [2]; expected shape [nTest, n]'],
    [[[1.5]], [1, 0], [2], 'orderedIndices: got 1.5'],
    [{ data: new Int32Array(), shape: [0, 4] }, [1, 0], [2], 'that is not empty'],
  ])('names what does not fit (%#)', async (order, train, test, message) => {
    await expect(identicalClassTest(order, train, test)).rejects.toThrow(message)
  })
})

describe('identical subclass test', () => {
  it('compares the original classes, under their own names', async () => {
    const { share } = await identicalSubclassTest(orderedIndices, [1, 0, 2, 2], [2, 1, 0])
    expect(share).toBeCloseTo(2 / 3, 15)
    await expect(identicalSubclassTest(orderedIndices, [-1, 0, 2, 2], [2, 1, 0])).rejects.toThrow(
      'trainSubclasses: got -1 at [0]',
    )
  })
})

describe('mergeClasses', () => {
  it('puts half of the classes into each of two groups, by the seed', () => {
    for (const classCount of [2, 3, 10, 11]) {
      const { data, shape } = mergeClasses(classCount)
      expect(shape).toEqual([classCount])
      const ones = [...data].filter((merged) => merged === 1).length
      expect(ones).toBe(Math.floor(classCount / 2))
      expect(new Set(data)).toEqual(new Set([0, 1]))
    }
    expect(mergeClasses(10)).toEqual(mergeClasses(10, { seed: 0 }))
    const seeds = Array.from({ length: 20 }, (_, seed) => mergeClasses(10, { seed }).data.join())
    expect(new Set(seeds).size).toBeGreaterThan(10)
  })

  it('puts every class into either group for some seed', () => {
    const ones = new Float64Array(4)
    for (let seed = 0; seed < 400; seed++) {
      mergeClasses(4, { seed }).data.forEach((merged, k) => (ones[k]! += merged))
    }
    // 200 of 400 are expected, with a standard deviation of 10: beyond five of them, the seeds are to blame.
    for (const count of ones) expect(Math.abs(count - 200)).toBeLessThan(50)
  })

  it('refuses fewer than two classes', () => {
    expect(() => mergeClasses(1)).toThrow('classCount: got 1')
    expect(() => mergeClasses(10, { seed: 0.5 })).toThrow('seed: got 0.5')
  })
})

describe('model randomisation test', () => {
  /** Scores by training example, as a ranking has them. */
  const rankingOf = (
    ...scores: readonly (readonly number[])[]
  ): { scores: NdArray; orderedIndices: NdArray } => {
    const order = scores.map((row) =>
      row.map((_, k) => k).sort((a, b) => row[b]! - row[a]! || a - b),
    )
    const shape = [scores.length, scores[0]!.length]
    return {
      scores: {
        data: Float64Array.from(order.flatMap((own, i) => own.map((k) => scores[i]![k]!))),
        shape,
      },
      orderedIndices: { data: Int32Array.from(order.flat()), shape },
    }
  }

  it('is Spearman’s correlation of the scores in any order', async () => {
    // 1 − 6 Σd² / (n (n² − 1)) without ties: ranks 1 2 3 4 5 against 2 1 4 3 5, and against 5 … 1.
    const trained = rankingOf([1, 2, 3, 4, 5], [10, 20, 30, 40, 5000])
    const randomised = rankingOf([-5, -9, 7, 0, 100], [5, 4, 3, 2, 1])
    const { correlations, mean } = await modelRandomisationTest(trained, () =>
      Promise.resolve(randomised),
    )
    expect(correlations.shape).toEqual([1, 2])
    expect(correlations.data[0]).toBeCloseTo(0.8, 12)
    expect(correlations.data[1]).toBeCloseTo(-1, 12)
    expect(mean).toBeCloseTo(-0.1, 12)
  })

  it('gives ties their mean rank', async () => {
    // Ranks 1.5 1.5 3 4 against 1 3 2 4: Σ of products of deviations 3, of squares 4.5 and 5.
    const { correlations } = await modelRandomisationTest(rankingOf([7, 7, 8, 9]), () =>
      Promise.resolve(rankingOf([0, 2, 1, 3])),
    )
    expect(correlations.data[0]).toBeCloseTo(3 / Math.sqrt(4.5 * 5), 12)
  })

  it("is NaN if all scores are equal, and leaves out those that aren't finite", async () => {
    const { correlations, mean } = await modelRandomisationTest(
      rankingOf([1, 1, 1], [1, 2, 3]),
      () => Promise.resolve(rankingOf([1, 2, 3], [3, 2, 1])),
    )
    expect([...correlations.data]).toEqual([NaN, -1])
    expect(mean).toBe(-1)
    const holed = {
      scores: [[3, 2, 1, NaN]],
      orderedIndices: [[2, 1, 0, 3]],
    }
    const { correlations: left } = await modelRandomisationTest(holed, () =>
      Promise.resolve(rankingOf([1, 2, 3, 9])),
    )
    expect(left.data[0]).toBeCloseTo(1, 12)
  })

  it('asks for one model after the other, and reports progress', async () => {
    const asked: number[] = []
    const done: string[] = []
    const { correlations, mean } = await modelRandomisationTest(
      rankingOf([1, 2, 3]),
      (run) => {
        asked.push(run)
        return Promise.resolve(rankingOf(run === 0 ? [1, 2, 3] : [3, 2, 1]))
      },
      { runs: 2, onProgress: (p) => done.push(`${p.phase} ${p.done}/${p.total}`) },
    )
    expect(asked).toEqual([0, 1])
    expect(correlations).toEqual({ data: Float64Array.from([1, -1]), shape: [2, 1] })
    expect(mean).toBe(0)
    expect(done).toEqual(['evaluate 1/2', 'evaluate 2/2'])
  })

  it('ends with an abort, which it passes on', async () => {
    const controller = new AbortController()
    const running = modelRandomisationTest(
      rankingOf([1, 2, 3]),
      (_, signal) => {
        controller.abort(new Error('enough'))
        expect(signal?.aborted).toBe(true)
        return Promise.resolve(rankingOf([1, 2, 3]))
      },
      { signal: controller.signal, runs: 5 },
    )
    await expect(running).rejects.toThrow('enough')
  })

  it('refuses rankings that do not fit', async () => {
    const full = rankingOf([1, 2, 3])
    const explain = (): Promise<typeof full> => Promise.resolve(rankingOf([1, 2]))
    await expect(modelRandomisationTest(full, explain)).rejects.toThrow(
      'explainRandomised: got a ranking of shape [1, 2]; expected [1, 3]',
    )
    const top = { scores: [[3, 2]], orderedIndices: [[7, 1]] }
    await expect(modelRandomisationTest(top, explain)).rejects.toThrow(
      'trained.orderedIndices: got 7',
    )
    const twice = { scores: [[3, 2]], orderedIndices: [[1, 1]] }
    await expect(modelRandomisationTest(twice, explain)).rejects.toThrow(
      'training example 1 twice for test example 0; expected every training example once',
    )
    const none = null as unknown as typeof full
    await expect(modelRandomisationTest(none, explain)).rejects.toThrow('trained: got null')
    const uneven = { scores: [[3, 2, 1]], orderedIndices: [[1, 0]] }
    await expect(modelRandomisationTest(uneven, explain)).rejects.toThrow('trained.scores')
    await expect(modelRandomisationTest(full, explain, { runs: 0 })).rejects.toThrow('runs: got 0')
  })

  it('accepts the explanations of GradientSimilarity', async () => {
    const x = { data: uniform(seededRandom(1), 24, [-1, 1]), shape: [8, 3] }
    const y = [0, 1, 0, 1, 1, 0, 1, 0]
    const explain = async (seed: number): Promise<{ scores: NdArray; orderedIndices: NdArray }> => {
      const random = seededRandom(seed)
      const kernel = (rows: number): number[][] =>
        Array.from({ length: rows }, () => [...uniform(random, 2, [-2, 2])])
      // With one layer alone, the cosines of the gradients would not depend on its weights.
      const predictor = densePredictor([
        { kernel: kernel(3), bias: [0, 0], activation: 'tanh' },
        { kernel: kernel(2), bias: [0, 0], activation: 'softmax' },
      ])
      using explainer = new GradientSimilarity(predictor, 'sparseCategoricalCrossentropy', {
        device: 'cpu',
        simFn: 'grad_cos',
      })
      await explainer.fit(x, y)
      return await explainer.explain(x, y)
    }
    const trained = await explain(5)
    const same = await modelRandomisationTest(trained, () => explain(5))
    expect(same.mean).toBeCloseTo(1, 12)
    const other = await modelRandomisationTest(trained, () => explain(6))
    expect(other.mean).toBeLessThan(0.99)
    // Each example resembles none as much as itself.
    expect((await identicalClassTest(trained.orderedIndices, y, y)).share).toBe(1)
  })
})

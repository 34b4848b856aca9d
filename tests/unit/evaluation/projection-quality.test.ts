import { GradientSimilarity } from 'gradlens'
import { projectionQuality } from 'gradlens/evaluation'
import { expect, it } from 'vitest'
import { densePredictor } from '../../support/models/dense-net.js'
import { seededRandom, uniform } from '../../support/random.js'
import { expectRefusal } from '../../support/refusals.js'
import { randomLayers } from '../../support/models/small-nets.js'

const loss = 'sparseCategoricalCrossentropy'
const sampleSize = 60
const predictor = densePredictor(randomLayers([12, 16, 3], 'softmax', 3))
const random = seededRandom(8)
const x = Array.from({ length: sampleSize }, () => [...uniform(random, 12, [-1, 1])])
const y = x.map((_, row) => row % 3)
const own = { device: 'cpu' } as const

it('finds no loss without a projection, and almost none in float16', async () => {
  const exact = await projectionQuality(predictor, loss, x, y, own)
  expect(exact).toMatchObject({ sampleSize, topK: 10 })
  for (const quality of Object.values(exact.similarities)) {
    expect(quality).toEqual({ recall: 1, rankCorrelation: 1 })
  }
  const half = await projectionQuality(predictor, loss, x, y, { ...own, storeDtype: 'float16' })
  for (const { recall, rankCorrelation } of Object.values(half.similarities)) {
    expect(recall).toBeGreaterThan(0.98)
    expect(rankCorrelation).toBeGreaterThan(0.999)
    expect(rankCorrelation).toBeLessThan(1)
  }
})

it('measures by rankings of two explainers, each example left out of its own', async () => {
  const projection = { size: 20, seed: 2 }
  const { similarities } = await projectionQuality(predictor, loss, x, y, {
    ...own,
    projection,
    topK: 3,
  })
  const orders: number[][][] = []
  for (const option of [undefined, projection]) {
    using explainer = new GradientSimilarity(predictor, loss, {
      ...own,
      ...{ precomputeGrads: true, projection: option, simFn: 'grad_cos' },
    })
    await explainer.fit(x, y)
    const { data } = (await explainer.explain(x, y)).orderedIndices
    orders.push(
      x.map((_, row) =>
        [...data.subarray(row * sampleSize, (row + 1) * sampleSize)].filter((i) => i !== row),
      ),
    )
  }
  const [exact, projected] = orders as [number[][], number[][]]
  const found = exact.map(
    (order, row) =>
      order.slice(0, 3).filter((i) => projected[row]!.slice(0, 3).includes(i)).length / 3,
  )
  expect(similarities.grad_cos.recall).toBeCloseTo(mean(found), 12)
  // Without ties Spearman's correlation is 1 − 6 Σ d² / (n³ − n).
  const n = sampleSize - 1
  const correlations = exact.map((order, row) => {
    const squares = order.map((i, rank) => (rank - projected[row]!.indexOf(i)) ** 2)
    return 1 - (6 * squares.reduce((sum, square) => sum + square, 0)) / (n ** 3 - n)
  })
  expect(similarities.grad_cos.rankCorrelation).toBeCloseTo(mean(correlations), 10)
})

it('finds more examples with more numbers', async () => {
  const recalls: number[] = []
  for (const size of [6, 30, 80]) {
    const options = { ...own, projection: { size } }
    const { similarities } = await projectionQuality(predictor, loss, x, y, options)
    recalls.push(similarities.grad_dot.recall)
  }
  expect(recalls).toEqual(recalls.toSorted((a, b) => a - b))
  expect(recalls[0]).toBeLessThan(0.9)
  // All of them fit in 80: 12 + 16, 16, 16 + 3 and 3.
  expect(recalls[2]).toBe(1)
})

it('reports progress in rows, and rejects with the reason of its signal', async () => {
  const done: number[] = []
  await projectionQuality(predictor, loss, x, y, {
    ...own,
    onProgress: (progress) => done.push(progress.done / progress.total),
  })
  expect(done.at(-1)).toBe(1)
  expect(done).toEqual(done.toSorted((a, b) => a - b))
  const controller = new AbortController()
  const reason = new Error('enough')
  const measuring = projectionQuality(predictor, loss, x, y, {
    ...own,
    signal: controller.signal,
    onProgress: () => {
      controller.abort(reason)
    },
  })
  await expect(measuring).rejects.toBe(reason)
})

it('refuses a sample without anything to compare, and unknown options', async () => {
  await expectRefusal(() => projectionQuality(predictor, loss, x.slice(0, 2), [0, 1], own), {
    argument: 'x',
    got: '2 examples',
    expected: 'three or more',
  })
  await expectRefusal(() => projectionQuality(predictor, loss, x, y, { k: 3 } as object), {
    argument: 'options',
    got: "'k'",
    expected: 'only projection, storeDtype, topK, device, batchSize, signal, onProgress',
  })
})

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

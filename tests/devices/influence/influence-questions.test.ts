import { GradientSimilarity, MemoryStore, type Predictor } from 'gradlens'
import { InfluenceFunctions } from 'gradlens/influence'
import { beforeAll, describe, expect, it } from 'vitest'
import { devices, useDevice } from '../../support/devices/devices.js'
import { inTrainingOrder } from '../../support/influence/influence-reference.js'
import { testX, trainClasses, trainX } from '../../support/models/small-nets.js'
import { tfjsClassifier } from '../../support/models/tfjs-nets.js'
import { expectNear } from '../../support/references/differences.js'

const loss = 'sparseCategoricalCrossentropy'

/** Sums of float32 products, relative to the largest score. */
const tolerance = 1e-4

const scale = (rows: readonly (readonly number[])[]): number =>
  Math.max(...rows.flat().map(Math.abs))

/** Influence is linear in the question's gradient, and a sum over the parameters, whatever the curvature. */
describe.each(devices)('questions about influence on %s', (device) => {
  beforeAll(() => useDevice('cpu'))
  const predictor = (): Predictor => tfjsClassifier()
  const options = { device, batchSize: 4 } as const

  it.each(['ekfac', 'kfac', 'diagonal', 'identity'] as const)(
    'are sums over examples and over parameters, with curvature %s',
    async (curvature) => {
      const all = { ...options, curvature }
      using explainer = new InfluenceFunctions(predictor(), loss, all)
      await explainer.fit(trainX, trainClasses)
      const single = await explainer.explain(testX, [0, 1])
      const rows = inTrainingOrder(single)
      const within = tolerance * scale(rows)
      const sums = rows[0]!.map((score, j) => score + rows[1]![j]!)
      const sum = await explainer.explain(testX, [0, 1], { aggregate: 'sum' })
      expectNear(inTrainingOrder(sum)[0]!, sums, within)
      const mean = await explainer.explain(testX, [0, 1], { aggregate: 'mean' })
      expectNear(
        inTrainingOrder(mean)[0]!,
        sums.map((score) => score / 2),
        within,
      )
      expect(mean.meta.params).toMatchObject({ curvature, aggregate: 'mean' })
      const split = await explainer.explain(testX, [0, 1], { perParameter: true })
      expect(split.parameterNames).toHaveLength(4)
      const { data } = split.parameterScores!
      for (const [at, score] of split.scores.data.entries()) {
        const [test, place] = [Math.floor(at / 6), at % 6]
        const shares = [0, 1, 2, 3].map((p) => data[(test * 4 + p) * 6 + place]!)
        expectNear([shares.reduce((total, share) => total + share, 0)], [score], within)
      }
      for (const [i, row] of inTrainingOrder(split).entries()) expectNear(row, rows[i]!, within)
      const oneHot = [
        [1, 0, 0],
        [0, 1, 0],
      ]
      const other = await explainer.explain(testX, oneHot, {
        questionLoss: 'categoricalCrossentropy',
      })
      for (const [i, row] of inTrainingOrder(other).entries()) expectNear(row, rows[i]!, within)
    },
  )

  it.each(['ekfac', 'kfac', 'diagonal', 'identity'] as const)(
    'give each training example its self-influence, with curvature %s',
    async (curvature) => {
      const all = { ...options, curvature }
      using explainer = new InfluenceFunctions(predictor(), loss, all)
      await explainer.fit(trainX, trainClasses)
      const own = await explainer.selfInfluence()
      const pairs = inTrainingOrder(await explainer.explain(trainX, trainClasses))
      const within = tolerance * scale(pairs)
      expectNear(
        own.scores.data,
        pairs.map((row, i) => row[i]!),
        within,
      )
      expect(own.meta).toMatchObject({
        name: 'InfluenceFunctions.selfInfluence',
        params: { curvature },
      })
    },
  )

  it('refuse self-influence of projected gradients with a curvature, but not without', async () => {
    const model = predictor()
    const store = new MemoryStore()
    using writer = new GradientSimilarity(model, loss, {
      ...{ ...options, precomputeGrads: true, store, projection: { size: 12 } },
    })
    await writer.fit(trainX, trainClasses)
    using explainer = await InfluenceFunctions.open(store, model, loss, options)
    await explainer.fitCurvature(trainX, trainClasses)
    await expect(explainer.selfInfluence()).rejects.toThrow(
      'the training gradients are projected to 12 numbers',
    )
    const identity = { ...options, curvature: 'identity' } as const
    using without = await InfluenceFunctions.open(store, model, loss, identity)
    expect((await without.selfInfluence()).scores).toEqual((await writer.selfInfluence()).scores)
  })
})

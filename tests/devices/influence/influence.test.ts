import { GradientSimilarity, MemoryStore, type Predictor } from 'gradlens'
import { InfluenceFunctions } from 'gradlens/influence'
import { beforeAll, describe, expect, it } from 'vitest'
import { devices, useDevice } from '../../support/devices/devices.js'
import { testX, trainClasses, trainX } from '../../support/models/small-nets.js'
import { tfjsClassifier } from '../../support/models/tfjs-nets.js'

const loss = 'sparseCategoricalCrossentropy'

describe.each(devices)('identity, on %s', (device) => {
  beforeAll(() => useDevice('cpu'))
  const options = { device, batchSize: 4 } as const

  it.each([false, true])('equals grad_dot bit for bit, precomputeGrads %s', async (kept) => {
    const predictor: Predictor = tfjsClassifier()
    const all = { ...options, precomputeGrads: kept }
    using influence = new InfluenceFunctions(predictor, loss, { ...all, curvature: 'identity' })
    using similarity = new GradientSimilarity(predictor, loss, { ...all, simFn: 'grad_dot' })
    await influence.fit(trainX, trainClasses)
    await similarity.fit(trainX, trainClasses)
    const { meta, data } = await influence.explain(testX)
    expect(data).toEqual((await similarity.explain(testX)).data)
    expect(meta.name).toBe('InfluenceFunctions')
    expect(meta.params).toMatchObject({ curvature: 'identity', simFnName: 'grad_dot' })
  })

  it('explains from the store of another explainer', async () => {
    const predictor: Predictor = tfjsClassifier()
    const store = new MemoryStore()
    const all = { ...options, precomputeGrads: true, store }
    using similarity = new GradientSimilarity(predictor, loss, all)
    await similarity.fit(trainX, trainClasses)
    using influence = await InfluenceFunctions.open(store, predictor, loss, {
      ...options,
      curvature: 'identity',
    })
    expect((await influence.explain(testX)).data).toEqual((await similarity.explain(testX)).data)
  })
})

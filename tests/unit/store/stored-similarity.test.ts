import {
  GradientSimilarity,
  MemoryError,
  MemoryStore,
  type NdArray,
  type Predictor,
  type PredictorSession,
} from 'gradlens'
import { beforeAll, describe, expect, it } from 'vitest'
import { devices, useDevice } from '../../support/devices/devices.js'
import { classifier, trainClasses, trainX } from '../../support/models/small-nets.js'
import { storedSimilaritySuite } from '../../support/suites/stored-similarity-suite.js'
import { tfjsClassifier } from '../../support/models/tfjs-nets.js'
import { contentOf } from '../../support/stores/written-store.js'

describe('on a net without a framework', () => {
  storedSimilaritySuite('cpu', (seed) => classifier(seed) as Predictor)

  it('fills a store with the same bytes if memory suffices only for parts of a batch', async () => {
    const fill = async (predictor: Predictor<NdArray>): Promise<Record<string, string>> => {
      const store = new MemoryStore()
      using explainer = new GradientSimilarity(predictor, 'sparseCategoricalCrossentropy', {
        precomputeGrads: true,
        store,
        storeRowsPerChunk: 3,
        batchSize: 5,
      })
      await explainer.fit(trainX, trainClasses)
      return await contentOf(store)
    }
    const predictor = classifier()
    const refused: number[] = []
    const small: Predictor<NdArray> = {
      ...predictor,
      async open(device, options): Promise<PredictorSession<NdArray>> {
        const session = await predictor.open(device, options)
        const lossGradients: typeof session.lossGradients = (x, ...rest) => {
          const exampleCount = x[0]!.shape[0]!
          if (exampleCount <= 2) return session.lossGradients(x, ...rest)
          refused.push(exampleCount)
          return Promise.reject(new MemoryError('cpu', 'no more than two rows', {}))
        }
        return new Proxy(session, {
          get(target, name) {
            if (name === 'lossGradients') return lossGradients
            const value: unknown = Reflect.get(target, name, target)
            return typeof value === 'function' ? (value.bind(target) as unknown) : value
          },
        })
      },
    }
    expect(await fill(small)).toEqual(await fill(predictor))
    expect(refused.length).toBeGreaterThan(0)
  })
})

describe.each(devices)('on TensorFlow.js, %s', (device) => {
  beforeAll(() => useDevice('cpu'))
  storedSimilaritySuite(device, tfjsClassifier, 9)
})

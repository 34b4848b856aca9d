import { GradientSimilarity, HttpStore, MemoryStore, type Predictor } from 'gradlens'
import { InfluenceFunctions, type InfluenceOptions } from 'gradlens/influence'
import { verifyGradientStore } from 'gradlens/node'
import { describe, expect, it, onTestFinished } from 'vitest'
import { answerRange, serve } from '../../support/stores/http-server.js'
import { classifier, testX, trainClasses, trainX } from '../../support/models/small-nets.js'

const loss = 'sparseCategoricalCrossentropy'

const options = { device: 'cpu', batchSize: 4, curvature: 'diagonal' } as const

/** Counts the passes that compute gradients with their factors. */
function countingClassifier(): { predictor: Predictor; count: () => number } {
  const predictor = classifier() as Predictor
  let count = 0
  const open = predictor.open.bind(predictor)
  predictor.open = async (...given) => {
    const session = await open(...given)
    const lossGradients = session.lossGradients.bind(session)
    session.lossGradients = (x, labels, lossFn, how) => {
      if (how?.keepsFactors === true) count++
      return lossGradients(x, labels, lossFn, how)
    }
    return session
  }
  return { predictor, count: () => count }
}

async function fitted(more: InfluenceOptions): Promise<InfluenceFunctions> {
  const explainer = new InfluenceFunctions(classifier() as Predictor, loss, { ...options, ...more })
  onTestFinished(() => {
    explainer.dispose()
  })
  return explainer.fit(trainX, trainClasses)
}

/** The training gradients and both bases, twice each, are rounded to eleven significant bits. */
const float16Tolerance = 6 * 2 ** -12

/** The bytes of the files in a folder of a store. */
async function countBytes(store: MemoryStore, folder: string): Promise<number> {
  let sum = 0
  for (const key of store.keys()) {
    if (key.startsWith(folder)) sum += (await store.get(key))?.length ?? 0
  }
  return sum
}

const storing = (store: MemoryStore): InfluenceOptions => ({ precomputeGrads: true, store })

describe('a curvature in a store', () => {
  it.each(['ekfac', 'kfac', 'diagonal'] as const)(
    'of %s explains like the one in memory',
    async (name) => {
      const store = new MemoryStore()
      const own = { curvature: name }
      const expected = (await (await fitted({ ...own, precomputeGrads: true })).explain(testX)).data
      expect((await (await fitted({ ...own, ...storing(store) })).explain(testX)).data).toEqual(
        expected,
      )
      using opened = await InfluenceFunctions.open(store, classifier() as Predictor, loss, {
        ...options,
        ...own,
      })
      const { data, meta } = await opened.explain(testX)
      expect(data).toEqual(expected)
      expect(meta.params).toMatchObject({ fisher: 'true', curvatureSeed: 0, curvatureExamples: 6 })
      const { curvatures, damaged } = await verifyGradientStore(store)
      expect(curvatures).toEqual([name])
      expect(damaged).toEqual([])
    },
  )

  it('is not estimated again from the same examples', async () => {
    const store = new MemoryStore()
    await fitted(storing(store))
    const { predictor, count } = countingClassifier()
    using explainer = new InfluenceFunctions(predictor, loss, { ...options, ...storing(store) })
    await explainer.fit(trainX, trainClasses)
    expect(count()).toBe(0)
    await explainer.fitCurvature(trainX.slice(1), trainClasses.slice(1))
    expect(count()).toBe(2)
  })

  it('is estimated again unless it has all input eigenvectors that are asked for', async () => {
    const store = new MemoryStore()
    const { predictor, count } = countingClassifier()
    const countPasses = async (more: InfluenceOptions): Promise<number> => {
      const before = count()
      const own = { ...options, ...storing(store), curvature: 'kfac', ...more } as const
      using explainer = new InfluenceFunctions(predictor, loss, own)
      await explainer.fit(trainX, trainClasses)
      return count() - before
    }
    expect(await countPasses({ inputRank: 2 })).toBe(2)
    expect(await countPasses({ inputRank: 2 })).toBe(0)
    expect(await countPasses({})).toBe(2)
    expect(await countPasses({})).toBe(0)
    // Of two examples, the inputs of four and five numbers have two directions with curvature.
    const few = { curvatureExamples: 2 }
    expect(await countPasses(few)).toBe(1)
    expect(await countPasses({ ...few, inputRank: 3 })).toBe(0)
    expect(await countPasses({ ...few, inputRank: 1 })).toBe(1)
    expect(await countPasses(few)).toBe(1)
  })

  it.each([{ seed: 1 }, { fisher: 'empirical' }] as const)(
    'is estimated again with %o, and replaces the other one',
    async (more) => {
      const store = new MemoryStore()
      await fitted(storing(store))
      await fitted({ ...storing(store), ...more })
      using opened = await InfluenceFunctions.open(store, classifier() as Predictor, loss, {
        ...options,
        ...more,
      })
      const expected = await (await fitted(more)).explain(testX)
      expect((await opened.explain(testX)).data.scores).toEqual(expected.data.scores)
    },
  )

  it('is refused if it was estimated with other options', async () => {
    const store = new MemoryStore()
    await fitted(storing(store))
    await expect(
      InfluenceFunctions.open(store, classifier() as Predictor, loss, { ...options, seed: 5 }),
    ).rejects.toThrow("The curvature 'diagonal' of the store was estimated with seed 0, not 5.")
  })

  it('can be added to the gradients that another explainer has written', async () => {
    const store = new MemoryStore()
    const predictor = classifier() as Predictor
    using similarity = new GradientSimilarity(predictor, loss, {
      ...{ device: 'cpu', batchSize: 4, precomputeGrads: true, store },
    })
    await similarity.fit(trainX, trainClasses)
    using opened = await InfluenceFunctions.open(store, predictor, loss, options)
    await expect(opened.explain(testX)).rejects.toThrow(
      "there is no curvature 'diagonal' for these training gradients (the store has no curvature-diagonal/zarr.json); " +
        'call fitCurvature(x, y)',
    )
    await opened.fitCurvature(trainX, trainClasses)
    const expected = await (await fitted({})).explain(testX)
    expect((await opened.explain(testX)).data.scores).toEqual(expected.data.scores)
  })

  it.each(['ekfac', 'kfac'] as const)(
    'keeps some input eigenvectors of %s, in half the bytes',
    async (curvature) => {
      const own = { curvature, inputRank: 2, precomputeGrads: true } as const
      const [whole, exact, half] = [new MemoryStore(), new MemoryStore(), new MemoryStore()]
      await fitted({ ...own, inputRank: undefined, store: whole })
      const expected = await (await fitted({ ...own, store: exact })).explain(testX)
      await fitted({ ...own, store: half, storeDtype: 'float16' })
      const sizes = await Promise.all(
        [whole, exact, half].map((store) => countBytes(store, `curvature-${curvature}/`)),
      )
      expect(sizes).toEqual([...sizes].sort((a, b) => b - a))
      expect(new Set(sizes).size).toBe(3)
      for (const [store, tolerance] of [
        [exact, 1e-12],
        [half, float16Tolerance],
      ] as const) {
        using opened = await InfluenceFunctions.open(store, classifier() as Predictor, loss, {
          ...{ device: 'cpu', batchSize: 4, curvature },
        })
        const { scores } = (await opened.explain(testX)).data
        const largest = Math.max(...expected.data.scores.data.map(Math.abs))
        for (const [k, score] of scores.data.entries()) {
          const error = Math.abs(score - expected.data.scores.data[k]!)
          expect(error / largest).toBeLessThan(tolerance)
        }
        expect((await verifyGradientStore(store)).damaged).toEqual([])
      }
      // Another number of eigenvectors is another curvature.
      const { predictor, count } = countingClassifier()
      const again = { device: 'cpu', batchSize: 4, ...own, store: exact } as const
      using same = new InfluenceFunctions(predictor, loss, again)
      await same.fit(trainX, trainClasses)
      expect(count()).toBe(0)
      using other = new InfluenceFunctions(predictor, loss, { ...again, inputRank: 3 })
      await other.fit(trainX, trainClasses)
      expect(count()).toBeGreaterThan(0)
    },
  )

  it('is read from its own store, for any training examples', async () => {
    const store = new MemoryStore()
    using writer = new InfluenceFunctions(classifier() as Predictor, loss, {
      ...options,
      ...storing(store),
    })
    await writer.fitCurvature(trainX, trainClasses)
    const { predictor, count } = countingClassifier()
    using explainer = new InfluenceFunctions(predictor, loss, {
      ...{ ...options, precomputeGrads: true, curvatureStore: store },
    })
    await explainer.fit(trainX, trainClasses)
    expect(count()).toBe(0)
    const expected = await (await fitted({ precomputeGrads: true })).explain(testX)
    expect((await explainer.explain(testX)).data).toEqual(expected.data)
    await explainer.fit(trainX.slice(2), trainClasses.slice(2))
    const { meta, data } = await explainer.explain(testX)
    expect(data.scores.shape[1]).toBe(trainX.length - 2)
    expect(meta.params['curvatureExamples']).toBe(trainX.length)
  })

  it('in its own store is refused if it is missing, or of another model', async () => {
    const store = new MemoryStore()
    const own = { ...options, curvatureStore: store } as const
    using explainer = new InfluenceFunctions(classifier() as Predictor, loss, own)
    await expect(explainer.fit(trainX, trainClasses)).rejects.toThrow(
      "The curvatureStore has no curvature 'diagonal': there is no curvature-diagonal/zarr.json. Write it with fitCurvature",
    )
    await fitted(storing(store))
    using other = new InfluenceFunctions(classifier() as Predictor, loss, {
      ...own,
      parameters: (name: string) => name.endsWith('kernel'),
    })
    await expect(other.fit(trainX, trainClasses)).rejects.toThrow(
      "it has the trainable parameter '0/bias', which is missing here",
    )
  })

  it('is missing if a server answers with a page', async () => {
    const memory = new MemoryStore()
    using similarity = new GradientSimilarity(classifier() as Predictor, loss, {
      ...{ device: 'cpu', batchSize: 4, precomputeGrads: true, store: memory },
    })
    await similarity.fit(trainX, trainClasses)
    const url = await serve((request, response) => {
      void memory.get(request.url!.slice('/store/'.length)).then((bytes) => {
        const page = Buffer.from('\n <!doctype html><title>An app</title>')
        answerRange(request, response, bytes ?? page)
      })
    })
    const predictor = classifier() as Predictor
    using opened = await InfluenceFunctions.open(new HttpStore(url), predictor, loss, options)
    await expect(opened.explain(testX)).rejects.toThrow(
      `there is no curvature 'diagonal' for these training gradients (the store has no ${url}curvature-diagonal/zarr.json); ` +
        'call fitCurvature(x, y), write it into the store with precompute',
    )
    await opened.fitCurvature(trainX, trainClasses)
    const expected = await (await fitted({})).explain(testX)
    expect((await opened.explain(testX)).data.scores).toEqual(expected.data.scores)
    const { curvatures, damaged } = await verifyGradientStore(new HttpStore(url))
    expect({ curvatures, damaged }).toEqual({ curvatures: [], damaged: [] })
  })

  it('is written by precompute as by fit', async () => {
    const [written, expected] = [new MemoryStore(), new MemoryStore()]
    using explainer = new InfluenceFunctions(classifier() as Predictor, loss, {
      ...options,
      ...storing(written),
    })
    await explainer.precompute(trainX, trainClasses)
    await fitted(storing(expected))
    const key = 'curvature-diagonal/zarr.json'
    expect(await written.get(key)).toEqual(await expected.get(key))
  })

  it.each([
    ['curvature-diagonal/block-0-eigenvalues/c.0.0', 'block-0-eigenvalues'],
    ['curvature-diagonal/zarr.json', 'curvature-diagonal'],
  ])('is reported as damaged if one byte of %s differs', async (key, array) => {
    const store = new MemoryStore()
    await fitted(storing(store))
    const bytes = (await store.get(key))!
    const at = bytes.length >> 1
    bytes[at]! ^= 1
    await store.set(key, bytes)
    const { damaged } = await verifyGradientStore(store)
    expect(damaged.map((chunk) => [chunk.array.split('/').at(-1), chunk.failure])).toEqual([
      [array, 'damaged'],
    ])
    await expect(
      InfluenceFunctions.open(store, classifier() as Predictor, loss, options),
    ).rejects.toThrow('of the store')
  })

  it('of another model is found by verify, and refused', async () => {
    const store = new MemoryStore()
    await fitted(storing(store))
    const other = new MemoryStore()
    using explainer = new InfluenceFunctions(classifier(2) as Predictor, loss, {
      ...options,
      ...storing(other),
    })
    await explainer.fit(trainX, trainClasses)
    for (const key of ['zarr.json', 'block-0-eigenvalues/c.0.0', 'block-1-eigenvalues/c.0.0']) {
      const path = `curvature-diagonal/${key}`
      const bytes = await other.get(path)
      if (bytes !== undefined) await store.set(path, bytes)
    }
    const { damaged } = await verifyGradientStore(store)
    expect(damaged[0]!.message).toMatch(/is not that of its gradients|checksum/)
    using opened = await InfluenceFunctions.open(store, classifier() as Predictor, loss, {
      ...{ ...options, curvature: 'identity' },
    })
    expect((await opened.explain(testX)).data.scores.shape).toEqual([2, 6])
  })
})

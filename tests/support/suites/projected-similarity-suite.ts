import {
  GradientSimilarity,
  type GradientSimilarityOptions,
  MemoryStore,
  openGradientStore,
  type Predictor,
  type WritableByteStore,
} from 'gradlens'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { TestDevice } from '../devices/devices.js'
import { materializedGradients } from '../references/materialized-gradients.js'
import { hostGradients } from '../gradients/host-block.js'
import { innerProduct, projectedGradient } from '../stores/projected-gradients.js'
import { testX, trainClasses, trainX } from '../models/small-nets.js'
import { contentOf } from '../stores/written-store.js'

const loss = 'sparseCategoricalCrossentropy'
const testClasses = [1, 2]
const stopped = new Error('stopped')

/** Of 21 numbers: a bias stays exact, the other parameters do not. */
const projection = { size: 14, seed: 3 }

/** Float32 sums of a dozen products, in the model, in the projection and in the scores. */
const tolerance = 1e-5

/** Tests projected gradients with any backend. */
export function projectedSimilaritySuite(
  device: TestDevice,
  makeClassifier: () => Predictor,
): void {
  const options = { device, batchSize: 4, simFn: 'grad_dot', precomputeGrads: true } as const
  let made: Predictor | undefined

  /** The same model in a whole test, because TensorFlow.js numbers the names of weights. */
  function classifier(): Predictor {
    if (made === undefined) onTestFinished(() => void (made = undefined))
    made ??= makeClassifier()
    return made
  }

  async function fitted(more: GradientSimilarityOptions = {}): Promise<GradientSimilarity> {
    const explainer = new GradientSimilarity(classifier(), loss, {
      ...options,
      projection,
      ...more,
    })
    onTestFinished(() => {
      explainer.dispose()
    })
    return explainer.fit(trainX, trainClasses)
  }

  /** The gradients of examples, by the definition: as `plan` projects them. */
  async function gradientsOf(
    x: readonly (readonly number[])[],
    classes: readonly number[],
    store: MemoryStore,
  ): Promise<Map<string, Float64Array>[]> {
    const { projection: plan } = await openGradientStore(store)
    using session = await classifier().open(device, { allowSoftware: true })
    const array = { data: Float32Array.from(x.flat()), shape: [x.length, 3] }
    const labels = { data: Int32Array.from(classes), shape: [classes.length] }
    const block = await hostGradients(session, [array], labels, loss)
    return classes.map((_, row) => {
      const exact = [...materializedGradients(block, row)]
      return new Map(exact.map(([name, own]) => [name, projectedGradient(name, own, plan!)]))
    })
  }

  describe('projected gradients', () => {
    it('rank by the inner products that their definition gives, in memory, in a store and without a fit', async () => {
      const store = new MemoryStore()
      const inStore = await fitted({ store })
      const inMemory = await fitted()
      const train = await gradientsOf(trainX, trainClasses, store)
      const tests = await gradientsOf(testX, testClasses, store)
      const opened = await GradientSimilarity.open(store, classifier(), loss, { device })
      onTestFinished(() => {
        opened.dispose()
      })
      for (const explainer of [inMemory, inStore, opened]) {
        const { data, params } = await explainer.explain(testX, testClasses, { simFn: 'grad_dot' })
        expect(params).toMatchObject({ projectionSize: 14, projectionSeed: 3 })
        const { scores, orderedIndices } = data
        scores.data.forEach((score, at) => {
          const test = tests[Math.floor(at / trainX.length)]!
          const expected = innerProduct(test, train[orderedIndices.data[at]!]!)
          expect(Math.abs(score - expected)).toBeLessThan(tolerance)
        })
      }
      expect(inMemory.gradientBytes).toBeLessThanOrEqual(6 * (4 * projection.size + 8))
    })

    it('are the same bytes in a store whose fit was interrupted', async () => {
      const [whole, stoppedStore] = [new MemoryStore(), new MemoryStore()]
      await fitted({ store: whole, storeRowsPerChunk: 2 })
      let writesLeft = 22
      const failing: WritableByteStore = {
        get: (key) => stoppedStore.get(key),
        set: (key, bytes) =>
          writesLeft-- > 0 ? stoppedStore.set(key, bytes) : Promise.reject(stopped),
      }
      await expect(fitted({ store: failing, storeRowsPerChunk: 2 })).rejects.toBe(stopped)
      expect((await openGradientStore(stoppedStore)).rowCount).toBeGreaterThan(0)
      await fitted({ store: stoppedStore, storeRowsPerChunk: 2 })
      expect(await contentOf(stoppedStore)).toEqual(await contentOf(whole))
    })

    it("aren't added to exact ones, nor to those of another size or seed", async () => {
      const [projected, exact] = [new MemoryStore(), new MemoryStore()]
      await fitted({ store: projected })
      await fitted({ store: exact, projection: undefined })
      const others: [MemoryStore, GradientSimilarityOptions['projection'], string][] = [
        [
          projected,
          { size: 14, seed: 4 },
          'projected to 14 numbers with seed 3, here projected to 14 numbers with seed 4',
        ],
        [
          projected,
          { size: 15, seed: 3 },
          'projected to 14 numbers with seed 3, here projected to 15 numbers with seed 3',
        ],
        [projected, undefined, 'projected to 14 numbers with seed 3, here exact'],
        [exact, projection, 'its gradients are exact, here projected to 14 numbers with seed 3'],
      ]
      for (const [store, other, message] of others) {
        await expect(fitted({ store, projection: other })).rejects.toMatchObject({
          name: 'StoreError',
          failure: 'different',
          message: expect.stringContaining(message) as string,
        })
      }
    })
  })
}

import fc from 'fast-check'
import {
  type ByteReadOptions,
  type ByteStore,
  GradientSimilarity,
  type GradientSimilarityOptions,
  MemoryStore,
  type NdArray,
  type Predictor,
  type WritableByteStore,
} from 'gradlens'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { TestDevice } from '../devices/devices.js'
import { contentOf } from '../stores/written-store.js'
import { testX, trainClasses, trainX } from '../models/small-nets.js'

const loss = 'sparseCategoricalCrossentropy'
const stopped = new Error('stopped')

/** Twenty rows in four chunks, no multiple of the batches of three. */
const chunks = { storeRowsPerChunk: 5 }

/**
 * What is needed at least: 21 numbers and a norm of eight bytes a row, on a GPU; there twice for a chunk of five rows
 * while it is read, and as much again for tiles where there is no GPU.
 */
const least = { maxBytes: 2 * 2 * 5 * 92, maxGpuBytes: 92 }

/** Twenty examples: those of small-nets.ts and further ones. */
const x = Array.from({ length: 20 }, (_, i) =>
  trainX[i % trainX.length]!.map((value, k) => value + 0.03 * i * (k - 1)),
)
const y = x.map((_, i) => trainClasses[i % trainClasses.length]!)

/** Writes to a MemoryStore, until the given number of writes. */
class FailingStore implements WritableByteStore {
  readonly #store: MemoryStore
  #writesLeft: number

  constructor(store: MemoryStore, writesLeft: number) {
    this.#store = store
    this.#writesLeft = writesLeft
  }

  get(key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#store.get(key)
  }

  set(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    return this.#writesLeft-- > 0 ? this.#store.set(key, bytes) : Promise.reject(stopped)
  }
}

/** Passes every read on to a MemoryStore, the later ones sooner than those before, and counts those of gradients and those that are under way. */
class SlowStore implements ByteStore {
  readonly #store: MemoryStore
  readonly #onChunk: (count: number) => void
  #chunks = 0
  running = 0

  constructor(store: MemoryStore, onChunk: (count: number) => void) {
    this.#store = store
    this.#onChunk = onChunk
  }

  async get(
    key: string,
    { signal }: ByteReadOptions = {},
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    this.running++
    try {
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, 4 - this.running)))
      if (/^segment-0-(values|a)\/c\./.test(key)) this.#onChunk(++this.#chunks)
      signal?.throwIfAborted()
      return await this.#store.get(key)
    } finally {
      this.running--
    }
  }
}

/** Tests gradients in a store with any backend. */
export function storedSimilaritySuite(
  device: TestDevice,
  makeClassifier: (seed?: number) => Predictor,
  writesBetweenStops = 1,
): void {
  const options = { device, batchSize: 3 } as const
  const classifiers = new Map<number, Predictor>()

  /** The same one throughout a test: TensorFlow.js counts the layers that it makes, and names weights by that. */
  function classifier(seed = 1): Predictor {
    const made = classifiers.get(seed) ?? makeClassifier(seed)
    if (!classifiers.has(seed)) onTestFinished(() => void classifiers.delete(seed))
    classifiers.set(seed, made)
    return made
  }

  async function filled(
    store: WritableByteStore,
    more: GradientSimilarityOptions = {},
  ): Promise<void> {
    using explainer = new GradientSimilarity(classifier(), loss, {
      ...options,
      ...chunks,
      precomputeGrads: true,
      store,
      ...more,
    })
    await explainer.fit(x, y)
  }

  describe('training gradients in a store', () => {
    it('rank as those in memory, and return their examples, with and without a fit', async () => {
      using inMemory = new GradientSimilarity(classifier(), loss, {
        ...options,
        precomputeGrads: true,
      })
      await inMemory.fit(x, y)
      const expected = await inMemory.explain(testX)
      const store = new MemoryStore()
      using fitted = new GradientSimilarity(classifier(), loss, {
        ...withStore(store),
      })
      await fitted.fit(x, y)
      expect(fitted.gradientBytes).toBe(0)
      using opened = await GradientSimilarity.open(store, classifier(), loss, options)
      for (const explainer of [fitted, opened]) {
        const found = await explainer.explain(testX)
        expect(found.data).toEqual(expected.data)
        expect(found.params).toMatchObject({ storeGrads: true, inputCount: 1, maxBytes: 2 ** 28 })
        expect(found.params).not.toHaveProperty('store')
      }
      const top = await opened.explain(testX, undefined, { ranking: 'top', topK: 4 })
      expect(top.scores.shape).toEqual([2, 4])
      expect([...top.orderedIndices.data.subarray(0, 4)]).toEqual([
        ...expected.orderedIndices.data.subarray(0, 4),
      ])
    })

    it('are the same bytes for every interruption of the fit', async () => {
      const undisturbed = new MemoryStore()
      let writes = 0
      const counting: WritableByteStore = {
        get: (key) => undisturbed.get(key),
        set: (key, bytes) => {
          writes++
          return undisturbed.set(key, bytes)
        },
      }
      await filled(counting)
      const expected = await contentOf(undisturbed)
      expect(writes).toBeGreaterThan(8)
      for (let write = 0; write < writes; write += writesBetweenStops) {
        const store = new MemoryStore()
        await expect(filled(new FailingStore(store, write))).rejects.toBe(stopped)
        await filled(store)
        expect(await contentOf(store)).toEqual(expected)
      }
    })

    it('are continued after an abort from the last complete chunk', async () => {
      const store = await unfinished()
      const done: number[] = []
      using again = new GradientSimilarity(classifier(), loss, withStore(store))
      await again.fit(x, y, { onProgress: (progress) => done.push(progress.done) })
      expect(done[0]).toBeGreaterThan(0)
      const undisturbed = await unfinished(Infinity)
      expect(await contentOf(store)).toEqual(await contentOf(undisturbed))
    })

    it('are refused for different examples than those in the store', async () => {
      const store = await unfinished()
      using again = new GradientSimilarity(classifier(), loss, withStore(store))
      await expect(again.fit(x, [2, ...y.slice(1)])).rejects.toMatchObject({
        name: 'StoreError',
        failure: 'different',
        message: expect.stringContaining('the label of row 0') as string,
      })
      const others = x.map((row, i) => (i === 1 ? [9, 9, 9] : row))
      await expect(again.fit(others, y)).rejects.toThrow('the example of row 1')
    })

    it('are refused for another model or loss, or if incomplete, with the difference', async () => {
      const store = new MemoryStore()
      await filled(store)
      await expect(
        GradientSimilarity.open(store, classifier(2), loss, options),
      ).rejects.toMatchObject({
        name: 'StoreError',
        failure: 'different',
        message: expect.stringMatching(/the weights are|trainable parameter/) as string,
      })
      await expect(
        GradientSimilarity.open(store, classifier(), 'categoricalCrossentropy', options),
      ).rejects.toThrow('the loss is sparseCategoricalCrossentropy, here categoricalCrossentropy')
      const open = GradientSimilarity.open(await unfinished(), classifier(), loss, options)
      await expect(open).rejects.toMatchObject({ failure: 'missing' })
      await expect(
        GradientSimilarity.open(new MemoryStore(), classifier(), loss, options),
      ).rejects.toMatchObject({ failure: 'missing' })
    })

    it('are returned with the addresses of examples outside the store, or with their rows', async () => {
      const [withUrls, bare] = [new MemoryStore(), new MemoryStore()]
      await filled(withUrls, { storeExamples: 'https://example.org/{id}.png' })
      await filled(bare, { storeExamples: false })
      const urls = await GradientSimilarity.open(withUrls, classifier(), loss, options)
      const ids = await GradientSimilarity.open(bare, classifier(), loss, options)
      const byUrl = await urls.explain(testX, undefined, { topK: 2 })
      const byId = await ids.explain(testX, undefined, { topK: 2 })
      urls.dispose()
      ids.dispose()
      const order = byId.orderedIndices.data
      const { data, shape } = byId.mostSimilar as NdArray
      expect(shape).toEqual([2, 2])
      expect([...data]).toEqual([order[0], order[1], order[20], order[21]])
      expect((byId.leastSimilar as NdArray).data[0]).toBe(order[19])
      expect(byUrl.mostSimilar).toEqual([
        [order[0], order[1]].map((row) => `https://example.org/${String(row)}.png`),
        [order[20], order[21]].map((row) => `https://example.org/${String(row)}.png`),
      ])
      expect(byUrl.toJSON().data['most_similar']).toEqual(byUrl.mostSimilar)
    })

    it.each(['float32', 'float16'] as const)(
      'rank the same for all chunk and memory sizes, and never exceed their memory: %s',
      async (storeDtype) => {
        const stores = new Map<number, MemoryStore>()
        const chunked = async (storeRowsPerChunk: number): Promise<MemoryStore> => {
          const store = stores.get(storeRowsPerChunk) ?? new MemoryStore()
          if (!stores.has(storeRowsPerChunk)) await filled(store, { storeDtype, storeRowsPerChunk })
          stores.set(storeRowsPerChunk, store)
          return store
        }
        using whole = await GradientSimilarity.open(await chunked(20), classifier(), loss, options)
        const expected = await whole.explain(testX, undefined, { ranking: 'top' })
        await fc.assert(
          fc.asyncProperty(
            fc.constantFrom(1, 2, 5, 7),
            fc.double({ min: 1, max: 8, noNaN: true }),
            fc.double({ min: 1, max: 8, noNaN: true }),
            async (rowsPerChunk, share, gpuShare) => {
              const maxBytes = Math.ceil((share * rowsPerChunk * least.maxBytes) / 5)
              const maxGpuBytes = Math.floor(gpuShare * least.maxGpuBytes)
              const limits = { ...options, maxBytes, maxGpuBytes }
              const store = new SlowStore(await chunked(rowsPerChunk), () => undefined)
              using explainer = await GradientSimilarity.open(store, classifier(), loss, limits)
              const found = await explainer.explain(testX, undefined, { ranking: 'top' })
              expect(found.data).toEqual(expected.data)
              const { peakBytes, peakGpuBytes } = found.params as Record<string, number>
              expect(peakBytes).toBeGreaterThan(0)
              expect(peakBytes).toBeLessThanOrEqual(maxBytes)
              expect(peakGpuBytes).toBeLessThanOrEqual(maxGpuBytes)
            },
          ),
          // A software GPU takes its time.
          { numRuns: device === 'webgpu' ? 2 : 8 },
        )
      },
    )

    it("aren't read further after an abort, and rank as before at the next call", async () => {
      const memory = new MemoryStore()
      await filled(memory)
      const controller = new AbortController()
      let chunksRead = 0
      const store = new SlowStore(memory, (count) => {
        chunksRead = count
        if (count === 2) controller.abort(stopped)
      })
      using explainer = await GradientSimilarity.open(store, classifier(), loss, {
        ...options,
        maxBytes: least.maxBytes,
      })
      await expect(explainer.explain(testX, undefined, controller)).rejects.toBe(stopped)
      expect(store.running).toBe(0)
      expect(chunksRead).toBeLessThan(4)
      using whole = await GradientSimilarity.open(memory, classifier(), loss, options)
      expect((await explainer.explain(testX)).data).toEqual((await whole.explain(testX)).data)
    })

    it("aren't read if not even one chunk fits the limit", async () => {
      const store = new MemoryStore()
      await filled(store)
      using explainer = await GradientSimilarity.open(store, classifier(), loss, {
        ...options,
        maxBytes: 100,
      })
      await expect(explainer.explain(testX)).rejects.toMatchObject({
        name: 'InvalidArgumentError',
        argument: 'maxBytes',
      })
    })
  })

  const withStore = (store: WritableByteStore): GradientSimilarityOptions => ({
    ...options,
    ...chunks,
    precomputeGrads: true,
    store,
  })

  /** A store whose fit was aborted after the given number of examples. */
  async function unfinished(stopAt = 12): Promise<MemoryStore> {
    const store = new MemoryStore()
    const controller = new AbortController()
    using explainer = new GradientSimilarity(classifier(), loss, withStore(store))
    const fitting = explainer.fit(x, y, {
      signal: controller.signal,
      onProgress: ({ done }) => {
        if (done >= stopAt) controller.abort(stopped)
      },
    })
    if (stopAt <= x.length) await expect(fitting).rejects.toBe(stopped)
    else await fitting
    return store
  }
}

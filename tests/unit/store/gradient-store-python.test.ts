import { MemoryStore, openGradientStore, type ByteRange, type ByteReadOptions } from 'gradlens'
import { beforeEach, expect, it } from 'vitest'
import packed from '../../fixtures/python-shards.json' with { type: 'json' }
import { flipBit, storedRows } from '../../support/stores/written-store.js'

let store: MemoryStore

beforeEach(async () => {
  store = new MemoryStore()
  for (const [key, content] of Object.entries(packed.files)) {
    await store.set(key, Uint8Array.from(Buffer.from(content, 'base64')))
  }
})

it("reads what Python's zarr packed into shards", async () => {
  const reader = await openGradientStore(store)
  const { block, squaredNorms } = await reader.readGradients(0, 10)
  expect(block).toEqual(storedRows.block)
  expect(squaredNorms).toEqual(storedRows.squaredNorms)
  expect(await reader.readLabels(0, 10)).toEqual(storedRows.labels)
  expect(await reader.readExamples(0, 10)).toEqual(storedRows.examples)
})

it('reports that shards need a store with ranges', async () => {
  const whole = { get: (key: string) => store.get(key) }
  await expect(openGradientStore(whole)).rejects.toMatchObject({ failure: 'unsupported' })
})

/** Where the second chunk of a shard begins: behind 4 rows of 3 float32 and a checksum. */
const secondChunk = 4 * 3 * 4 + 4

it.each([
  ['of a chunk', secondChunk + 5],
  ['of the index', 2 * secondChunk + 17],
])('finds a flipped bit %s in a shard', async (_, offset) => {
  await flipBit(store, 'labels/c/0/0', offset)
  const reader = await openGradientStore(store)
  await expect(reader.readLabels(4, 8)).rejects.toMatchObject({
    failure: 'damaged',
    array: 'labels',
    chunk: 1,
  })
})

it('reads a shard again if its index arrives damaged', async () => {
  class DamagingStore extends MemoryStore {
    override async getRange(
      key: string,
      range: ByteRange,
      options?: ByteReadOptions,
    ): ReturnType<MemoryStore['getRange']> {
      const bytes = await store.getRange(key, range)
      if ('suffixLength' in range && options?.reload !== true) bytes![3]! ^= 1
      return bytes
    }
    override get(key: string): ReturnType<MemoryStore['get']> {
      return store.get(key)
    }
  }
  const reader = await openGradientStore(new DamagingStore())
  expect(await reader.readLabels(0, 10)).toEqual(storedRows.labels)
})

it("keeps one reader's index when another reader aborts", async () => {
  const first = new AbortController()
  class SlowStore extends MemoryStore {
    override async getRange(
      key: string,
      range: ByteRange,
      options?: ByteReadOptions,
    ): ReturnType<MemoryStore['getRange']> {
      await new Promise((resolve) => setTimeout(resolve, 20))
      options?.signal?.throwIfAborted()
      return store.getRange(key, range)
    }
    override get(key: string): ReturnType<MemoryStore['get']> {
      return store.get(key)
    }
  }
  const reader = await openGradientStore(new SlowStore())
  const aborted = reader.readLabels(0, 4, { signal: first.signal })
  const other = reader.readLabels(0, 4)
  first.abort(new Error('enough'))
  await expect(aborted).rejects.toThrow('enough')
  expect((await other).shape).toEqual([4, 3])
})

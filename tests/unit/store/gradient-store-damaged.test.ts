import { MemoryStore, openGradientStore, type ByteReadOptions, type StoreError } from 'gradlens'
import { verifyGradientStore } from 'gradlens/node'
import { expect, it } from 'vitest'
import { crc32c } from '../../../src/gradients/numbers/crc32c.js'
import { sealChunks, sealHeader } from '../../support/stores/sealed-store.js'
import { changeJson, flipBit, storedRows, writeRows } from '../../support/stores/written-store.js'

/** A store that records its requests. */
class WatchedStore extends MemoryStore {
  readonly asked: { key: string; options: ByteReadOptions | undefined }[] = []
  override get(key: string, options?: ByteReadOptions): ReturnType<MemoryStore['get']> {
    this.asked.push({ key, options })
    return super.get(key)
  }
}

async function writtenStore(): Promise<WatchedStore> {
  const store = new WatchedStore()
  await writeRows(store, 5)
  return store
}

/** What a read of all gradients rejects with. */
async function failure(store: MemoryStore, maxByteLength?: number): Promise<StoreError> {
  try {
    const reader = await openGradientStore(store, { maxByteLength })
    await reader.readGradients(0, reader.rowCount)
  } catch (error) {
    return error as StoreError
  }
  return expect.fail('It could be read.')
}

/** Changes a chunk, and all checksums and hashes with it. */
async function changeChunk(
  store: MemoryStore,
  key: string,
  change: (bytes: DataView) => void,
): Promise<void> {
  const bytes = (await store.get(key))!
  change(new DataView(bytes.buffer))
  const end = bytes.length - 4
  new DataView(bytes.buffer).setUint32(end, crc32c(bytes.subarray(0, end)), true)
  await store.set(key, bytes)
  await sealChunks(store)
}

it.each([0, 17, 48])(
  'reads a chunk with a flipped bit at byte %i again, without caches, then reports array and chunk',
  async (offset) => {
    const store = await writtenStore()
    await flipBit(store, 'segment-0-values/c.1.0', offset)
    const error = await failure(store)
    expect(error).toMatchObject({
      name: 'StoreError',
      failure: 'damaged',
      array: 'segment-0-values',
      chunk: 1,
    })
    expect(error.message).toMatch(/checksum of its bytes is [0-9a-f]{8}; expected [0-9a-f]{8}/)
    const reads = store.asked.filter(({ key }) => key === 'segment-0-values/c.1.0')
    expect(reads.slice(-2).map(({ options }) => options?.reload)).toEqual([false, true])
  },
)

it('continues if the second read is complete', async () => {
  class PassingStore extends MemoryStore {
    override async get(key: string, options?: ByteReadOptions): ReturnType<MemoryStore['get']> {
      const bytes = await super.get(key)
      if (key.includes('/c.') && options?.reload !== true) bytes![0]! ^= 128
      return bytes
    }
  }
  const store = new PassingStore()
  await writeRows(store, 5)
  const reader = await openGradientStore(store)
  expect((await reader.readGradients(0, 10)).block).toEqual(storedRows.block)
})

it.each([
  ['shorter', (bytes: Uint8Array<ArrayBuffer>) => bytes.slice(0, -8)],
  ['longer', (bytes: Uint8Array<ArrayBuffer>) => new Uint8Array(bytes.length + 8)],
  ['empty', () => new Uint8Array()],
])('reports a chunk that is %s than expected', async (_, change) => {
  const store = await writtenStore()
  const key = 'segment-1-delta/c.2.0.0'
  await store.set(key, change((await store.get(key))!))
  expect(await failure(store)).toMatchObject({
    failure: 'damaged',
    array: 'segment-1-delta',
    chunk: 2,
  })
})

it('reports a missing chunk, and never fills it', async () => {
  const store = await writtenStore()
  const incomplete = new MemoryStore()
  for (const key of store.keys()) {
    if (key !== 'squared-norms/c.1') await incomplete.set(key, (await store.get(key))!)
  }
  const error = await failure(incomplete)
  expect(error).toMatchObject({ failure: 'missing', array: 'squared-norms', chunk: 1 })
})

it.each([-1, 50, 2 ** 31 - 1])(
  "refuses the row %i of a parameter that has 50, even if the chunk's checksum is right",
  async (index) => {
    const store = await writtenStore()
    await changeChunk(store, 'segment-2-indices/c.1.0', (bytes) => {
      bytes.setInt32(4 * (3 + 1), index, true)
    })
    const error = await failure(store)
    expect(error).toMatchObject({ failure: 'damaged', array: 'segment-2-indices', chunk: 1 })
    expect(error.message).toContain(`got index ${index} in row 5`)
  },
)

it('reports a missing store', async () => {
  await expect(openGradientStore(new MemoryStore())).rejects.toMatchObject({ failure: 'missing' })
})

const lies: [string, string, string, string, string][] = [
  ['no JSON', 'zarr.json', '{', '', "isn't valid JSON"],
  [
    'another version',
    'zarr.json',
    '"format_version": 1',
    '"format_version": 2',
    'format version 2',
  ],
  ['negative rows', 'zarr.json', '"row_count": 10', '"row_count": -10', 'row_count'],
  ['too many rows', 'zarr.json', '"row_count": 10', '"row_count": 1e15', 'row_count'],
  [
    'more rows than in all',
    'zarr.json',
    '"rows_written": 10',
    '"rows_written": 11',
    'rows_written',
  ],
  ['a part of a chunk', 'zarr.json', '"rows_written": 10', '"rows_written": 5', 'whole chunks'],
  ['half a row', 'zarr.json', '"rows_per_chunk": 4', '"rows_per_chunk": 1.5', 'rows_per_chunk'],
  ['a size as a text', 'zarr.json', '"size": 3', '"size": "3"', 'segments.0.size'],
  ['a size of zero', 'zarr.json', '"size": 3', '"size": 0', 'segments.0.size'],
  ['another size', 'zarr.json', '"size": 3', '"size": 5', 'got shape [10, 3]; expected [10, 5]'],
  ['an unknown kind', 'zarr.json', '"kind": "dense"', '"kind": "sparse"', 'segments.0.kind'],
  [
    'an unknown type',
    'zarr.json',
    '"dtype": "uint8"',
    '"dtype": "object"',
    'examples.arrays.0.dtype',
  ],
  ['petabytes', 'zarr.json', '"size": 3', '"size": 1000000000000000', 'raise maxByteLength'],
  ['no segments', 'zarr.json', '"segments": [', '"segmente": [', 'segments'],
  [
    'another shape',
    'labels/zarr.json',
    '"shape": [\n    10,',
    '"shape": [\n    11,',
    'got shape [11, 3]',
  ],
  [
    'other chunks',
    'labels/zarr.json',
    '"chunk_shape": [\n        4,',
    '"chunk_shape": [\n        5,',
    'got chunk shape [5, 3]',
  ],
  [
    'another type',
    'labels/zarr.json',
    '"data_type": "float32"',
    '"data_type": "float64"',
    'data_type',
  ],
  [
    'a codec of its own',
    'labels/zarr.json',
    '"name": "crc32c"',
    '"name": "zstd"',
    "the codecs 'bytes', 'zstd'",
  ],
  ['big-endian numbers', 'labels/zarr.json', '"little"', '"big"', 'little-endian'],
]

it.each(lies)('refuses metadata with %s', async (_, key, from, to, message) => {
  const store = await writtenStore()
  await changeJson(store, key, (json) => json.replace(from, to))
  if (key === 'zarr.json' && to !== '') await sealHeader(store)
  const error = await failure(store)
  expect(error.name).toBe('StoreError')
  expect(error.message).toContain(message)
})

it.each([
  ['a number of a segment', '"output_size": 3', '"output_size": 4'],
  ["a segment's parameter", '"parameter": "dense/bias"', '"parameter": "dense/kernel"'],
  ['the loss', '"categoricalCrossentropy"', '"meanSquaredError"'],
  ['a weight hash', '"sha256:000', '"sha256:100'],
  ['the rows', '"rows_written": 10', '"rows_written": 8'],
  ['a further field', '"format_version": 1', '"format_version": 1, "note": "x"'],
  ['the hash of the checksums', '"checksums_hash": "sha256:', '"checksums_hash": "sha256:0'],
])('refuses a header in which %s was edited', async (_, from, to) => {
  const store = await writtenStore()
  await changeJson(store, 'zarr.json', (json) => json.replace(from, to))
  const error = await failure(store)
  expect(error).toMatchObject({ name: 'StoreError', failure: 'damaged' })
  expect(error.message).toContain('zarr.json of the store was changed after it was written')
})

it('accepts a header with different white space and order of keys', async () => {
  const store = await writtenStore()
  await changeJson(store, 'zarr.json', (json) => {
    const root = JSON.parse(json) as { attributes: { gradlens: object } }
    const fields = Object.entries(root.attributes.gradlens).reverse()
    root.attributes.gradlens = Object.fromEntries(fields)
    return JSON.stringify(root)
  })
  const reader = await openGradientStore(store)
  expect((await reader.readGradients(0, 10)).block).toEqual(storedRows.block)
})

/** Two versions of a store, which differ in the numbers of a row of the second chunk. */
async function twoVersions(): Promise<[WatchedStore, MemoryStore]> {
  const other = await writtenStore()
  await changeChunk(other, 'segment-0-values/c.1.0', (bytes) => {
    bytes.setFloat32(0, 5, true)
  })
  return [await writtenStore(), other]
}

it.each([
  ['of other rows', 'segment-0-values/c.0.0', 'segment-0-values/c.1.0'],
  ['of another array', 'segment-1-delta/c.1.0.0', 'segment-2-delta/c.1.0.0'],
])('refuses a whole chunk %s', async (_, from, to) => {
  const store = await writtenStore()
  const bytes = (await store.get(from))!
  expect(bytes).toHaveLength((await store.get(to))!.length)
  await store.set(to, bytes)
  const error = await failure(store)
  const [array] = to.split('/')
  expect(error).toMatchObject({ name: 'StoreError', failure: 'damaged', array, chunk: 1 })
  expect(error.message).toContain('It belongs to another place or another version of the store')
  expect((await verifyGradientStore(store)).damaged).toMatchObject([{ array, chunk: 1 }])
})

it.each(['segment-0-values/c.1.0', 'checksums/c.0.0', 'zarr.json'])(
  'refuses %s of another version of the store',
  async (key) => {
    const [store, other] = await twoVersions()
    await store.set(key, (await other.get(key))!)
    expect(await failure(store)).toMatchObject({ name: 'StoreError', failure: 'damaged' })
    if (key.startsWith('segment')) {
      expect((await verifyGradientStore(store)).damaged).toHaveLength(1)
    } else {
      await expect(verifyGradientStore(store)).rejects.toMatchObject({
        failure: 'damaged',
        array: 'checksums',
      })
    }
  },
)

it.each(['segment-0-values/c.1.0', 'checksums/c.0.0', 'zarr.json'])(
  'reads %s again, without a cache that has another version',
  async (stale) => {
    const [store, other] = await twoVersions()
    const cached = {
      get: (key: string, options?: ByteReadOptions) =>
        (key === stale && options?.reload !== true ? other : store).get(key),
    }
    const reader = await openGradientStore(cached)
    expect((await reader.readGradients(0, 10)).block).toEqual(storedRows.block)
  },
)

it('refuses metadata that is nested too deeply', async () => {
  const store = await writtenStore()
  const nested = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
  await changeJson(store, 'zarr.json', (json) =>
    json.replace('"format_version": 1', `"format_version": 1, "note": ${nested}`),
  )
  expect(await failure(store)).toMatchObject({ name: 'StoreError', failure: 'damaged' })
})

it('refuses metadata of more than 4 MiB without reading it', async () => {
  const store = await writtenStore()
  await store.set('zarr.json', new Uint8Array(4 * 2 ** 20 + 1))
  expect((await failure(store)).message).toContain('expected no more than 4194304')
  expect(store.asked.at(-1)?.options?.maxByteLength).toBe(4 * 2 ** 20)
})

it('never reads more at once than its limit', async () => {
  const store = await writtenStore()
  const chunkBytes = 4 * 132
  expect(await failure(store, chunkBytes)).toMatchObject({ name: 'InvalidArgumentError' })
  expect(await failure(store, chunkBytes - 1)).toMatchObject({ name: 'StoreError' })
  const reader = await openGradientStore(store, { maxByteLength: chunkBytes })
  expect((await reader.readGradients(4, 8)).block.exampleCount).toBe(4)
})

it.each([
  [-1, 2],
  [2, 2],
  [0, 11],
  [0.5, 2],
  [0, NaN],
])('refuses the rows %d to %d', async (start, end) => {
  const reader = await openGradientStore(await writtenStore())
  await expect(reader.readGradients(start, end)).rejects.toMatchObject({
    name: 'InvalidArgumentError',
  })
})

it("rejects with the signal's reason", async () => {
  const store = await writtenStore()
  const reader = await openGradientStore(store)
  const signal = AbortSignal.abort(new Error('enough'))
  await expect(reader.readGradients(0, 2, { signal })).rejects.toThrow('enough')
  await expect(openGradientStore(store, { signal })).rejects.toThrow('enough')
})

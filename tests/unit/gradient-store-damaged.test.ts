import { MemoryStore, openGradientStore, type ByteReadOptions, type StoreError } from 'gradlens'
import { expect, it } from 'vitest'
import { crc32c } from '../../src/store/zarr/format/crc32c.js'
import { changeJson, flipBit, storedRows, writeRows } from '../support/written-store.js'

/** A store that tells what was asked of it. */
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
    await reader.gradients(0, reader.rowCount)
  } catch (error) {
    return error as StoreError
  }
  return expect.fail('It could be read.')
}

/** Puts a right checksum behind changed bytes. */
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
}

it.each([0, 17, 48])(
  'reads a chunk with a flipped bit at byte %i once more, past caches, then reports array and chunk',
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

it('goes on when the second read is whole', async () => {
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
  expect((await reader.gradients(0, 10)).block).toEqual(storedRows.block)
})

it.each([
  ['shorter', (bytes: Uint8Array<ArrayBuffer>) => bytes.slice(0, -8)],
  ['longer', (bytes: Uint8Array<ArrayBuffer>) => new Uint8Array(bytes.length + 8)],
  ['empty', () => new Uint8Array()],
])('reports a chunk that is %s than it must be', async (_, change) => {
  const store = await writtenStore()
  const key = 'segment-1-delta/c.2.0.0'
  await store.set(key, change((await store.get(key))!))
  expect(await failure(store)).toMatchObject({
    failure: 'damaged',
    array: 'segment-1-delta',
    chunk: 2,
  })
})

it('reports a chunk that is missing, and never fills it up', async () => {
  const store = await writtenStore()
  const incomplete = new MemoryStore()
  for (const key of store.keys()) {
    if (key !== 'squared-norms/c.1') await incomplete.set(key, (await store.get(key))!)
  }
  const error = await failure(incomplete)
  expect(error).toMatchObject({ failure: 'missing', array: 'squared-norms', chunk: 1 })
})

it.each([-1, 50, 2 ** 31 - 1])(
  "refuses the row %i of a parameter that has 50, however right the chunk's checksum",
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

it('says where there is no store', async () => {
  await expect(openGradientStore(new MemoryStore())).rejects.toMatchObject({ failure: 'missing' })
})

const lies: [string, string, string, string, string][] = [
  ['no JSON', 'zarr.json', '{', '', 'no JSON'],
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
  const error = await failure(store)
  expect(error.name).toBe('StoreError')
  expect(error.message).toContain(message)
})

it('refuses metadata of more than 4 MiB unread', async () => {
  const store = await writtenStore()
  await store.set('zarr.json', new Uint8Array(4 * 2 ** 20 + 1))
  expect((await failure(store)).message).toContain('expected no more than 4194304')
  expect(store.asked.at(-1)?.options?.maxByteLength).toBe(4 * 2 ** 20)
})

it('reads no more at once than it may', async () => {
  const store = await writtenStore()
  const chunkBytes = 4 * 132
  expect(await failure(store, chunkBytes)).toMatchObject({ name: 'InvalidArgumentError' })
  expect(await failure(store, chunkBytes - 1)).toMatchObject({ name: 'StoreError' })
  const reader = await openGradientStore(store, { maxByteLength: chunkBytes })
  expect((await reader.gradients(4, 8)).block.exampleCount).toBe(4)
})

it.each([
  [-1, 2],
  [2, 2],
  [0, 11],
  [0.5, 2],
  [0, NaN],
])('refuses the rows %d to %d', async (start, end) => {
  const reader = await openGradientStore(await writtenStore())
  await expect(reader.gradients(start, end)).rejects.toMatchObject({ name: 'InvalidArgumentError' })
})

it("rejects with the signal's reason", async () => {
  const store = await writtenStore()
  const reader = await openGradientStore(store)
  const signal = AbortSignal.abort(new Error('enough'))
  await expect(reader.gradients(0, 2, { signal })).rejects.toThrow('enough')
  await expect(openGradientStore(store, { signal })).rejects.toThrow('enough')
})

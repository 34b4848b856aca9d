import fc from 'fast-check'
import { GradientSimilarity, MemoryStore, openGradientStore } from 'gradlens'
import { mergeGradientStore, verifyGradientStore } from 'gradlens/node'
import { expect, it } from 'vitest'
import type { WriterOptions } from '../../../src/store/zarr/format/create-header.js'
import { openGradientWriter } from '../../../src/store/zarr/writing/open-writer.js'
import { exampleRows, identity, someRows } from '../../support/stores/gradient-rows.js'
import { changeJson, contentOf, flipBit } from '../../support/stores/written-store.js'
import { classifier } from '../../support/models/small-nets.js'

const rowCount = 22
const rowsPerChunk = 4
const rows = exampleRows(rowCount)

/** Continues a range up to `until`, in blocks of the given number of rows. */
async function writeRange(
  store: MemoryStore,
  start: number,
  end: number,
  {
    blockSize = 3,
    until = end,
    ...more
  }: Partial<WriterOptions> & { blockSize?: number; until?: number } = {},
): Promise<void> {
  const options = { identity, rowCount, rowsPerChunk, ...more, rows: { start, end } }
  const writer = await openGradientWriter(store, options)
  try {
    for (let row = writer.rowsWritten; row < until; row += blockSize) {
      await writer.append(someRows(rows, row, Math.min(row + blockSize, until)))
    }
  } finally {
    await writer.close()
  }
}

async function wholeStore(more: Partial<WriterOptions> = {}): Promise<MemoryStore> {
  const store = new MemoryStore()
  const writer = await openGradientWriter(store, { identity, rowCount, rowsPerChunk, ...more })
  await writer.append(rows)
  await writer.close()
  return store
}

const sorted = async (store: MemoryStore): Promise<[string, string][]> =>
  Object.entries(await contentOf(store)).sort(([a], [b]) => (a < b ? -1 : 1))

it('are merged to the bytes of one uninterrupted run, for any cuts, order and interruption', async () => {
  const cuts = fc.uniqueArray(fc.integer({ min: 1, max: 5 }), { maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(
      cuts,
      fc.constantFrom('float32', 'float16'),
      fc.integer({ min: 1, max: 9 }),
      fc.infiniteStream(fc.integer({ min: 0, max: 20 })),
      fc.boolean(),
      async (chunks, dtype, blockSize, order, apart) => {
        const borders = [
          0,
          ...chunks.map((chunk) => chunk * rowsPerChunk).sort((a, b) => a - b),
          rowCount,
        ]
        const ranges = borders.slice(1).map((end, i) => ({ start: borders[i]!, end }))
        const shuffled = ranges
          .map((range) => ({ range, key: order.next().value as number }))
          .sort((a, b) => a.key - b.key)
        const together = new MemoryStore()
        const stores: MemoryStore[] = []
        for (const { range, key } of shuffled) {
          const store = apart ? new MemoryStore() : together
          stores.push(store)
          const until = Math.min(range.start + key, range.end)
          await writeRange(store, range.start, range.end, { dtype, blockSize, until })
          await writeRange(store, range.start, range.end, { dtype, blockSize: blockSize + 1 })
        }
        const merged = await mergeGradientStore(together, { from: apart ? stores : [] })
        expect(merged).toEqual({ rowCount, rangeCount: ranges.length })
        expect(await sorted(together)).toEqual(await sorted(await wholeStore({ dtype })))
      },
    ),
    { numRuns: 40 },
  )
})

it("aren't a complete store for any reader before they are merged", async () => {
  const store = new MemoryStore()
  await writeRange(store, 0, 12)
  await writeRange(store, 12, rowCount)
  await expect(openGradientStore(store)).resolves.toMatchObject({
    rowCount: 0,
    totalRowCount: rowCount,
    isInRanges: true,
  })
  await expect(
    GradientSimilarity.open(store, classifier(), 'categoricalCrossentropy'),
  ).rejects.toMatchObject({
    failure: 'missing',
    message:
      'The store was written in ranges of rows that are not merged yet; `npx gradlens merge` makes it one.',
  })
  expect(await verifyGradientStore(store)).toMatchObject({ rowCount: 0, isInRanges: true })
  await mergeGradientStore(store)
  expect(await mergeGradientStore(store)).toEqual({ rowCount, rangeCount: 0 })
  expect(await verifyGradientStore(store)).toMatchObject({
    rowCount,
    isInRanges: false,
    damaged: [],
  })
})

it('are written at the same time, by one writer each', async () => {
  const store = new MemoryStore()
  const options = { identity, rowCount, rowsPerChunk }
  const first = await openGradientWriter(store, { ...options, rows: { start: 0, end: 8 } })
  const second = await openGradientWriter(store, { ...options, rows: { start: 8, end: 16 } })
  const locked = { name: 'StoreError', failure: 'locked' }
  await expect(writeRange(store, 4, 12)).rejects.toMatchObject(locked)
  await expect(openGradientWriter(store, options)).rejects.toMatchObject(locked)
  await expect(mergeGradientStore(store)).rejects.toMatchObject(locked)
  await second.append(someRows(rows, 8, 16))
  await first.append(someRows(rows, 0, 8))
  await first.close()
  await second.close()
  await writeRange(store, 16, rowCount)
  await mergeGradientStore(store)
  expect(await sorted(store)).toEqual(await sorted(await wholeStore()))
})

it.each([
  [0, 6, 'expected borders of chunks, which have 4 rows'],
  [2, 8, 'for example 0:8'],
  [8, 8, 'a start and an end within the 22 rows'],
  [-4, 8, 'a start and an end within the 22 rows'],
  [20, 24, 'a start and an end within the 22 rows'],
])(
  "are refused if they are %s:%s, which aren't whole chunks of the store",
  async (start, end, message) => {
    const error = {
      name: 'InvalidArgumentError',
      argument: 'rows',
      message: expect.stringContaining(message) as string,
    }
    await expect(writeRange(new MemoryStore(), start, end)).rejects.toMatchObject(error)
  },
)

it('are refused over other ranges, in a store that was started as a whole, and for a whole store', async () => {
  const store = new MemoryStore()
  await writeRange(store, 4, 12)
  await expect(writeRange(store, 8, 16)).rejects.toMatchObject({
    failure: 'different',
    message: expect.stringContaining('Rows 8:16 overlap the range 4:12') as string,
  })
  await expect(openGradientWriter(store, { identity, rowCount })).rejects.toThrow(
    'The store is being written in ranges of rows.',
  )
  const begun = new MemoryStore()
  const writer = await openGradientWriter(begun, { identity, rowCount, rowsPerChunk })
  await writer.append(someRows(rows, 0, 8))
  await writer.close()
  await expect(writeRange(begun, 8, 12)).rejects.toThrow('was started as a whole')
  await expect(mergeGradientStore(begun)).rejects.toThrow(
    'was not written in ranges of rows, and has 8 of 22 rows',
  )
})

it('need no more writing in a complete store', async () => {
  const store = await wholeStore()
  const before = await sorted(store)
  await writeRange(store, 8, 16)
  expect(await sorted(store)).toEqual(before)
})

it("aren't merged while rows are missing, and name them", async () => {
  const store = new MemoryStore()
  await expect(mergeGradientStore(store)).rejects.toMatchObject({ failure: 'missing' })
  await writeRange(store, 4, 8)
  await writeRange(store, 12, 20, { until: 17 })
  const before = await sorted(store)
  await expect(mergeGradientStore(store)).rejects.toMatchObject({
    failure: 'missing',
    message:
      'The store is incomplete: of its 22 rows it lacks 0:4, 8:12, 16:20 of the unfinished range 12:20, 20:22. ' +
      'Write these ranges of rows and merge again.',
  })
  expect(await sorted(store)).toEqual(before)
})

it.each([
  [
    'model',
    { identity: { ...identity, weightsHash: `sha256:${'1'.repeat(64)}` } },
    'the weights are sha256:1',
  ],
  ['loss', { identity: { ...identity, loss: 'meanSquaredError' } }, 'the loss is meanSquaredError'],
  ['dtype', { dtype: 'float16' }, 'dtype: float16'],
  ['size of chunks', { rowsPerChunk: 2 }, 'rows per chunk: 2'],
] as const)('are not merged if one is of another %s', async (_, other, message) => {
  const [ours, theirs] = [new MemoryStore(), new MemoryStore()]
  await writeRange(ours, 0, 12)
  await writeRange(theirs, 12, rowCount, other)
  const error = {
    failure: 'different',
    message: expect.stringMatching(
      new RegExp(
        `^The range 12:22 is of another store than the range 0:12, which is 'here': .*${message}`,
      ),
    ) as string,
  }
  await expect(
    mergeGradientStore(new MemoryStore(), { from: [ours, theirs] }),
  ).rejects.toMatchObject(error)
  // Copied together by other means: the metadata are the last one's.
  for (const key of theirs.keys()) await ours.set(key, (await theirs.get(key))!)
  await expect(mergeGradientStore(ours)).rejects.toMatchObject(error)
})

it("aren't merged if a chunk is damaged or missing; the range to write again is named", async () => {
  const store = new MemoryStore()
  await writeRange(store, 0, 12)
  await writeRange(store, 12, rowCount)
  await flipBit(store, 'labels/c.4.0', 3)
  await store.delete('squared-norms/c.5')
  await expect(mergeGradientStore(store)).rejects.toMatchObject({
    failure: 'damaged',
    message: expect.stringMatching(
      /^array labels, chunk 4 .* 1 more chunk.* Delete ranges\/12-22\.json, write the rows 12:22 again/,
    ) as string,
  })
  await store.delete('ranges/12-22.json')
  await writeRange(store, 12, rowCount)
  await mergeGradientStore(store)
  expect(await sorted(store)).toEqual(await sorted(await wholeStore()))
})

it('are not merged if a chunk is of another version of the range', async () => {
  const [store, other] = [new MemoryStore(), new MemoryStore()]
  await writeRange(store, 0, 12)
  await writeRange(store, 12, rowCount)
  const options = { identity, rowCount, rowsPerChunk, rows: { start: 12, end: rowCount } }
  const writer = await openGradientWriter(other, options)
  await writer.append(someRows(exampleRows(rowCount, 2), 12, rowCount))
  await writer.close()
  await store.set('labels/c.4.0', (await other.get('labels/c.4.0'))!)
  await expect(mergeGradientStore(store)).rejects.toMatchObject({
    failure: 'damaged',
    message: expect.stringMatching(
      /^array labels, chunk 4 .* another version of the store.* write the rows 12:22 again/,
    ) as string,
  })
  await store.set('ranges/12-22/c.0.0', (await other.get('ranges/12-22/c.0.0'))!)
  await expect(mergeGradientStore(store)).rejects.toMatchObject({
    failure: 'damaged',
    message: expect.stringMatching(
      /^The checksums of the range 12:22: .* write the rows/,
    ) as string,
  })
})

it('are copied again if they were written again after the first copy', async () => {
  const [first, second, target] = [new MemoryStore(), new MemoryStore(), new MemoryStore()]
  await writeRange(first, 0, 12)
  const other = await openGradientWriter(second, {
    ...{ identity, rowCount, rowsPerChunk },
    rows: { start: 12, end: rowCount },
  })
  await other.append(someRows(exampleRows(rowCount, 2), 12, 16))
  await other.close()
  await expect(mergeGradientStore(target, { from: [first, second] })).rejects.toMatchObject({
    failure: 'missing',
  })
  const again = new MemoryStore()
  await writeRange(again, 12, rowCount)
  await mergeGradientStore(target, { from: [first, again] })
  expect(await sorted(target)).toEqual(await sorted(await wholeStore()))
})

it('are continued after the last chunk that survived a crash of their writer', async () => {
  const store = new MemoryStore()
  await writeRange(store, 8, 20, { until: 18 })
  await flipBit(store, 'ids/c.3', 0)
  const options = { identity, rowCount, rowsPerChunk, rows: { start: 8, end: 20 } }
  const writer = await openGradientWriter(store, options)
  expect(writer.rowsWritten).toBe(12)
  await writer.close()
})

it('are refused if their record is invalid', async () => {
  const store = new MemoryStore()
  await writeRange(store, 8, 16)
  await changeJson(store, 'ranges/8-16.json', (json) =>
    json.replace('"rows_written": 8', '"rows_written": 7'),
  )
  const error = { name: 'StoreError', failure: 'damaged' }
  await expect(writeRange(store, 8, 16)).rejects.toMatchObject(error)
  await expect(mergeGradientStore(store)).rejects.toMatchObject(error)
})

it('stop being merged when the call is aborted, and can be merged again', async () => {
  const store = new MemoryStore()
  await writeRange(store, 0, rowCount)
  const controller = new AbortController()
  const stopped = mergeGradientStore(store, {
    signal: controller.signal,
    onProgress: ({ done }) => {
      if (done >= 8) controller.abort(new Error('enough'))
    },
  })
  await expect(stopped).rejects.toThrow('enough')
  expect(await mergeGradientStore(store)).toEqual({ rowCount, rangeCount: 1 })
})

it("can't be written to a store that can't list and delete", async () => {
  const memory = new MemoryStore()
  const store = { get: memory.get.bind(memory), set: memory.set.bind(memory) }
  const options = { identity, rowCount, rows: { start: 0, end: 4 } }
  await expect(openGradientWriter(store, options)).rejects.toThrow(
    'a store without list and delete',
  )
})

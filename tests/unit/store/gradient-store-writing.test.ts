import fc from 'fast-check'
import { MemoryStore, openGradientStore, type StoreError } from 'gradlens'
import { describe, expect, it } from 'vitest'
import { openGradientWriter } from '../../../src/store/zarr/writing/open-writer.js'
import { exampleRows, identity, someRows } from '../../support/stores/gradient-rows.js'
import {
  contentOf,
  flipBit,
  storedRowCount,
  storedRows,
  writeRows,
  writerOptions,
} from '../../support/stores/written-store.js'

const dtypes = ['float32', 'float16'] as const

/** What a promise rejects with. */
async function rejection(promise: Promise<unknown>): Promise<StoreError> {
  try {
    await promise
  } catch (error) {
    return error as StoreError
  }
  return expect.fail('It did not reject.')
}

describe.each(dtypes)('a store of %s', (dtype) => {
  it('has the same bytes for any blocks of rows, and any interruption', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: storedRowCount + 3 }),
        fc.integer({ min: 1, max: storedRowCount }),
        fc.integer({ min: 1, max: storedRowCount }),
        fc.integer({ min: 0, max: storedRowCount }),
        async (rowsPerChunk, firstBlocks, laterBlocks, stop) => {
          const [whole, stopped] = [new MemoryStore(), new MemoryStore()]
          await writeRows(whole, storedRowCount, { rowsPerChunk, dtype })
          await writeRows(stopped, firstBlocks, { rowsPerChunk, dtype }, stop)
          await writeRows(stopped, laterBlocks, { rowsPerChunk, dtype })
          expect(await contentOf(stopped)).toEqual(await contentOf(whole))
        },
      ),
      { numRuns: 40 },
    )
  })

  it('returns any range of its rows', async () => {
    const store = new MemoryStore()
    await writeRows(store, 3, { dtype })
    const reader = await openGradientStore(store)
    for (const [start, end] of [
      [0, 10],
      [0, 4],
      [4, 8],
      [3, 5],
      [9, 10],
      [2, 9],
    ] as const) {
      const expected = someRows(storedRows, start, end)
      const { block, squaredNorms } = await reader.readGradients(start, end)
      expect(squaredNorms).toEqual(expected.squaredNorms)
      expect(await reader.readLabels(start, end)).toEqual(expected.labels)
      expect(await reader.readIds(start, end)).toEqual(expected.ids)
      expect(await reader.readExamples(start, end)).toEqual(expected.examples)
      if (dtype === 'float32') expect(block).toEqual(expected.block)
      else {
        const [bias] = block.segments
        const [expectedBias] = expected.block.segments
        if (bias?.kind !== 'dense' || expectedBias?.kind !== 'dense') expect.fail('no bias')
        bias.values.forEach((value, i) => {
          // Eleven bits of the row's largest number, which is below 1.
          expect(Math.abs(value - expectedBias.values[i]!)).toBeLessThan(2 ** -11)
        })
      }
    }
  })
})

it('describes its contents', async () => {
  const store = new MemoryStore()
  await writeRows(store, 3, {}, 9)
  const reader = await openGradientStore(store)
  expect(reader).toMatchObject({
    rowCount: 8,
    totalRowCount: 10,
    rowsPerChunk: 4,
    dtype: 'float32',
    identity,
    rowByteLength: (3 + 8 + 6 + 3 + 6) * 4 + 8 + 3 * 4 + 4 + 4,
  })
  expect(reader.segments.map(({ kind }) => kind)).toEqual(['dense', 'factored', 'lookup'])
})

it('stores the gradient of a parameter that a block leaves out as zero', async () => {
  const store = new MemoryStore()
  const writer = await openGradientWriter(store, { identity, rowCount: 2, dtype: 'float16' })
  const first = exampleRows(1)
  await writer.append(first)
  const { segments } = first.block
  await writer.append({
    ...first,
    block: { exampleCount: 1, segments: [segments[0]!, segments[2]!] },
  })
  await writer.close()
  const { block } = await (await openGradientStore(store)).readGradients(1, 2)
  expect(block.segments[1]).toMatchObject({ a: new Float32Array(8), delta: new Float32Array(6) })
  expect(block.segments[2]).toMatchObject({ kind: 'lookup', parameter: 'embedding' })
})

it("numbers rows without ids, and returns the addresses of examples that it doesn't contain", async () => {
  const store = new MemoryStore()
  const exampleUrl = 'https://example.org/digits/{id}.png'
  const writer = await openGradientWriter(store, { identity, rowCount: 2, exampleUrl })
  const { block, squaredNorms, labels } = exampleRows(2)
  await writer.append({ block, squaredNorms, labels })
  await writer.close()
  const reader = await openGradientStore(store)
  expect((await reader.readIds(0, 2)).data).toEqual(Int32Array.of(0, 1))
  expect(await reader.readExamples(0, 2)).toBeNull()
  expect(reader.formatExampleUrl('a/b 1')).toBe('https://example.org/digits/a%2Fb%201.png')
})

it.each([
  ['the loss is categoricalCrossentropy, here meanSquaredError', { loss: 'meanSquaredError' }],
  [`the weights are ${identity.weightsHash}, here sha256:1`, { weightsHash: 'sha256:1' }],
  [
    "parameter 'dense/bias' has shape [3], here [4]; it has the trainable parameter 'dense/kernel', which is missing here",
    { parameters: [{ name: 'dense/bias', shape: [4] }] },
  ],
  [
    "it lacks the trainable parameter 'new'",
    { parameters: [...identity.parameters, { name: 'new', shape: [1] }] },
  ],
  ['the parameters have another order', { parameters: [...identity.parameters].reverse() }],
])('refuses to continue the store of another fit: %s', async (message, change) => {
  const store = new MemoryStore()
  await writeRows(store, 4, {}, 4)
  const before = await contentOf(store)
  const error = await rejection(writeRows(store, 4, { identity: { ...identity, ...change } }))
  expect(error).toMatchObject({ name: 'StoreError', failure: 'different' })
  expect(error.message).toContain(message)
  expect(await contentOf(store)).toEqual(before)
})

it.each([
  ['it has 10 rows in all, here 11', { rowCount: 11 }],
  ['it has float32, here float16', { dtype: 'float16' }],
  ['its chunks have 4 rows, here 5', { rowsPerChunk: 5 }],
] as const)('refuses to continue with other options: %s', async (message, options) => {
  const store = new MemoryStore()
  await writeRows(store, 4, {}, 4)
  expect((await rejection(writeRows(store, 4, options))).message).toContain(message)
})

it('refuses rows of another layout than the earlier ones', async () => {
  const store = new MemoryStore()
  await writeRows(store, 4, {}, 4)
  const writer = await openGradientWriter(store, writerOptions)
  const rows = someRows(storedRows, 4, 6)
  const labels = { data: new Int32Array(2), shape: [2] }
  const error = await rejection(writer.append({ ...rows, labels }))
  expect(error.message).toContain('labels: float32 [3] in the store, int32 [] here')
  await writer.close()
})

it('refuses an unknown segment, a wrong count of numbers, and too many rows', async () => {
  const writer = await openGradientWriter(new MemoryStore(), writerOptions)
  const rows = someRows(storedRows, 0, 2)
  await writer.append(rows)
  const stray = { kind: 'dense', parameter: 'stray', size: 1, values: new Float32Array(2) } as const
  const block = { exampleCount: 2, segments: [...rows.block.segments, stray] }
  await expect(writer.append({ ...rows, block })).rejects.toThrow(
    "a segment 'stray' (dense, size 1)",
  )
  await expect(writer.append({ ...rows, squaredNorms: new Float64Array(3) })).rejects.toThrow(
    'squared-norms',
  )
  await expect(writer.append(someRows(storedRows, 0, 9))).rejects.toThrow('10 rows in all')
  await writer.close()
  await expect(writer.append(rows)).rejects.toThrow('closed')
})

it('refuses a second writer until the first has finished', async () => {
  const store = new MemoryStore()
  const writer = await openGradientWriter(store, writerOptions)
  expect(await rejection(openGradientWriter(store, writerOptions))).toMatchObject({
    name: 'StoreError',
    failure: 'locked',
  })
  await writer.close()
  await (await openGradientWriter(store, writerOptions)).close()
})

it('allows the next writer after it was refused', async () => {
  const store = new MemoryStore()
  await writeRows(store, 4, {}, 4)
  await rejection(writeRows(store, 4, { rowCount: 3 }))
  await writeRows(store, 4)
})

it('writes again from the first row that the last writer lost', async () => {
  const [whole, hurt] = [new MemoryStore(), new MemoryStore()]
  await writeRows(whole, 5)
  await writeRows(hurt, 5, {}, 8)
  await flipBit(hurt, 'labels/c.1.0', 3)
  const writer = await openGradientWriter(hurt, writerOptions)
  expect(writer.rowsWritten).toBe(4)
  await writer.close()
  await writeRows(hurt, 3)
  expect(await contentOf(hurt)).toEqual(await contentOf(whole))
})

it.each([
  ['is missing', 8, (store: MemoryStore) => store.delete('checksums/c.0.0')],
  ['is damaged', 8, (store: MemoryStore) => flipBit(store, 'checksums/c.0.0', 1)],
  [
    'is older than the header',
    8,
    async (store: MemoryStore) => {
      const older = new MemoryStore()
      await writeRows(older, 4, {}, 4)
      await store.set('checksums/c.0.0', (await older.get('checksums/c.0.0'))!)
    },
  ],
  [
    'and the last chunk are missing',
    0,
    async (store: MemoryStore) => {
      await store.delete('checksums/c.0.0')
      await store.delete('labels/c.1.0')
    },
  ],
])('continues a store whose table of checksums %s', async (_, rowsWritten, damage) => {
  const [whole, hurt] = [new MemoryStore(), new MemoryStore()]
  await writeRows(whole, 5)
  await writeRows(hurt, 5, {}, 8)
  await damage(hurt)
  const writer = await openGradientWriter(hurt, writerOptions)
  expect(writer.rowsWritten).toBe(rowsWritten)
  await writer.close()
  await writeRows(hurt, 3)
  const keys = whole.keys().sort()
  expect(hurt.keys().sort()).toEqual(keys)
  expect(await contentOf(hurt)).toEqual(await contentOf(whole))
})

it('reads the rows that existed when it was opened, while others are written', async () => {
  const store = new MemoryStore()
  await writeRows(store, 4, {}, 4)
  const header = (await store.get('zarr.json'))!
  await writeRows(store, 4)
  const early = {
    get: (key: string) => (key === 'zarr.json' ? Promise.resolve(header) : store.get(key)),
  }
  const reader = await openGradientStore(early)
  expect(reader.rowCount).toBe(4)
  expect((await reader.readGradients(0, 4)).block).toEqual(someRows(storedRows, 0, 4).block)
})

it('stops at the first failure, reports it, and keeps the earlier rows', async () => {
  class FullStore extends MemoryStore {
    room = Infinity
    override set(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
      if (this.room-- > 0) return super.set(key, bytes)
      return Promise.reject(new DOMException('no room', 'QuotaExceededError'))
    }
  }
  const [whole, store] = [new MemoryStore(), new FullStore()]
  await writeRows(whole, 2)
  await writeRows(store, 2, {}, 4)
  store.room = 5
  await expect(writeRows(store, 2)).rejects.toThrow('no room')
  expect((await openGradientStore(store)).rowCount).toBe(4)
  store.room = Infinity
  await writeRows(store, 2)
  expect(await contentOf(store)).toEqual(await contentOf(whole))
})

it('is consistent after any last write, and identical in every byte after a resume', async () => {
  class BreakingStore extends MemoryStore {
    writesLeft = Infinity
    override set(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
      if (this.writesLeft-- > 0) return super.set(key, bytes)
      return Promise.reject(new Error('the end'))
    }
  }
  const whole = new MemoryStore()
  await writeRows(whole, 3)
  const expected = await contentOf(whole)
  // Each key once; besides, zarr.json for each of the three chunks, and the checksums for two of them.
  const writeCount = whole.keys().length + 3 + 2
  for (let writes = 0; writes < writeCount; writes++) {
    const store = new BreakingStore()
    store.writesLeft = writes
    await expect(writeRows(store, 3)).rejects.toThrow('the end')
    if (store.keys().includes('ids/zarr.json') && store.keys().includes('examples-0/zarr.json')) {
      const reader = await openGradientStore(store)
      if (reader.rowCount > 0) await reader.readGradients(0, reader.rowCount)
    }
    store.writesLeft = Infinity
    await writeRows(store, 2)
    expect(await contentOf(store)).toEqual(expected)
  }
  const last = new BreakingStore()
  last.writesLeft = writeCount
  await writeRows(last, 3)
})

it('accepts rows while it writes, at most one more chunk', async () => {
  let release = (): void => undefined
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  class SlowStore extends MemoryStore {
    override async set(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
      if (key.includes('/c.')) await gate
      await super.set(key, bytes)
    }
  }
  const store = new SlowStore()
  const writer = await openGradientWriter(store, writerOptions)
  await writer.append(someRows(storedRows, 0, 4))
  await writer.append(someRows(storedRows, 4, 7))
  let isTaken = false
  const next = writer.append(someRows(storedRows, 7, 8)).then(() => {
    isTaken = true
  })
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(isTaken).toBe(false)
  release()
  await next
  await writer.close()
  expect(writer.rowsWritten).toBe(8)
})

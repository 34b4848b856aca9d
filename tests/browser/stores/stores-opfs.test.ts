import { MemoryStore, openGradientStore, OpfsStore, type StoreError } from 'gradlens'
import { afterEach, expect, it } from 'vitest'
import { cdp } from 'vitest/browser'
import { writeManyRows } from '../../support/stores/many-rows.js'
import {
  contentOf,
  storedRows,
  writerOptions,
  writeRows,
} from '../../support/stores/written-store.js'
import { openGradientWriter } from '../../../src/store/zarr/writing/open-writer.js'

const name = 'gradlens-test'

afterEach(async () => {
  const root = await navigator.storage.getDirectory()
  await root.removeEntry(name, { recursive: true }).catch(() => undefined)
})

const text = (content: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(content)

async function rejection(promise: Promise<unknown>): Promise<StoreError> {
  try {
    await promise
  } catch (error) {
    return error as StoreError
  }
  return expect.fail('It did not reject.')
}

it('reads written files, whole and in part', async () => {
  const store = new OpfsStore(name)
  await store.set('a/b', text('twelve bytes'))
  expect(await store.get('a/b')).toEqual(text('twelve bytes'))
  expect(await store.getRange('a/b', { offset: 2, length: 4 })).toEqual(text('elve'))
  expect(await store.getRange('a/b', { suffixLength: 5 })).toEqual(text('bytes'))
  await store.set('a/b', text('new'))
  expect(await new OpfsStore(name).get('a/b')).toEqual(text('new'))
})

it('finds nothing in a missing file, a missing directory or an empty file', async () => {
  const store = new OpfsStore(name)
  expect(await store.get('zarr.json')).toBeUndefined()
  await store.set('a/b', text('x'))
  const root = await navigator.storage.getDirectory()
  await (await root.getDirectoryHandle(name)).getFileHandle('zarr.json', { create: true })
  expect(await store.get('zarr.json')).toBeUndefined()
  expect(await store.get('c/d')).toBeUndefined()
})

it.each(['../a', '/a', 'a/../b', ''])('refuses the key %j', async (key) => {
  const store = new OpfsStore(name)
  expect(await rejection(store.set(key, text('no')))).toMatchObject({
    name: 'InvalidArgumentError',
  })
  expect(() => new OpfsStore(key)).toThrow('key')
})

it('refuses to read more than its limit', async () => {
  const store = new OpfsStore(name)
  await store.set('a', text('four'))
  expect(await rejection(store.get('a', { maxByteLength: 3 }))).toMatchObject({
    failure: 'damaged',
  })
})

it('contains a complete store of gradients after an interruption', async () => {
  await writeRows(new OpfsStore(name), 3, {}, 7)
  await writeRows(new OpfsStore(name), 2)
  const reader = await openGradientStore(new OpfsStore(name))
  expect((await reader.readGradients(0, 10)).block).toEqual(storedRows.block)
})

it('allows one writer per site, and refuses the other', async () => {
  const writer = await openGradientWriter(new OpfsStore(name), writerOptions)
  expect(await rejection(openGradientWriter(new OpfsStore(name), writerOptions))).toMatchObject({
    failure: 'locked',
  })
  await writer.close()
  await (await openGradientWriter(new OpfsStore(name), writerOptions)).close()
})

/** What a worker answers that writes and reads the store, by the means that the mode leaves it. */
async function inWorker(
  mode: 'stream' | 'handle' | 'hold' | 'many',
): Promise<{ worker: Worker; answer: unknown }> {
  const worker = new Worker(new URL('../../support/stores/opfs-worker.ts', import.meta.url), {
    type: 'module',
  })
  const answer = await new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => {
      resolve(data)
    }
    worker.onerror = ({ message }) => {
      reject(new Error(message))
    }
    worker.postMessage({ name, mode })
  })
  return { worker, answer }
}

it.each(['stream', 'handle'] as const)(
  'is written in a worker by a %s, and read in the page',
  async (mode) => {
    const { worker, answer } = await inWorker(mode)
    worker.terminate()
    expect(answer).toBe('written')
    const reader = await openGradientStore(new OpfsStore(name))
    expect((await reader.readGradients(0, 10)).block).toEqual(storedRows.block)
    const root = await (await navigator.storage.getDirectory()).getDirectoryHandle(name)
    const names: string[] = []
    for await (const entry of root.keys()) names.push(entry)
    expect(names.filter((entry) => entry.includes('unfinished'))).toEqual([])
  },
)

it('refuses a worker while the page writes, and the page while the worker writes', async () => {
  const writer = await openGradientWriter(new OpfsStore(name), writerOptions)
  const refused = await inWorker('stream')
  refused.worker.terminate()
  expect(refused.answer).toBe('locked')
  await writer.close()

  const { worker, answer } = await inWorker('hold')
  expect(answer).toBe('holding')
  expect(await rejection(new OpfsStore(name).lock())).toMatchObject({ failure: 'locked' })
  // However the holder ends, the store is free again.
  worker.terminate()
  await expect
    .poll(async () => {
      const lock = await new OpfsStore(name).lock().catch(() => undefined)
      await lock?.release()
      return lock !== undefined
    })
    .toBe(true)
})

/** A copy of the store's keys in memory. */
async function inMemory(keys: readonly string[]): Promise<MemoryStore> {
  const [store, copy] = [new OpfsStore(name), new MemoryStore()]
  for (const key of keys) await copy.set(key, (await store.get(key))!)
  return copy
}

it('is consistent after its worker was terminated while writing, and identical in every byte after a resume', async () => {
  const { worker, answer } = await inWorker('many')
  worker.terminate()
  expect(answer).toBe('halfway')
  const reader = await openGradientStore(new OpfsStore(name))
  expect(reader.rowCount).toBeGreaterThanOrEqual(20)
  await reader.readGradients(0, reader.rowCount)

  await expect
    .poll(() =>
      writeManyRows(new OpfsStore(name)).then(
        () => true,
        () => false,
      ),
    )
    .toBe(true)
  const undisturbed = new MemoryStore()
  await writeManyRows(undisturbed)
  const copy = await inMemory(undisturbed.keys())
  expect(await contentOf(copy)).toEqual(await contentOf(undisturbed))
})

it('reports full storage, keeps the earlier rows, and continues when space is free', async () => {
  await writeRows(new OpfsStore(name), 4, {}, 4)
  const { origin } = location
  // The protocol's commands are typed for Playwright alone.
  const session = cdp() as { send(command: string, parameters: object): Promise<unknown> }
  await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1 })
  try {
    expect(await rejection(writeRows(new OpfsStore(name), 4))).toMatchObject({ failure: 'full' })
  } finally {
    await session.send('Storage.overrideQuotaForOrigin', { origin })
  }
  expect((await openGradientStore(new OpfsStore(name))).rowCount).toBe(4)
  await writeRows(new OpfsStore(name), 4)
  expect((await openGradientStore(new OpfsStore(name))).rowCount).toBe(10)
})

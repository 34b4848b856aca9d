import type { MemoryStore, WritableByteStore } from 'gradlens'
import type { WriterOptions } from '../../../src/store/zarr/format/create-header.js'
import { openGradientWriter } from '../../../src/store/zarr/writing/open-writer.js'
import { exampleRows, identity, someRows } from './gradient-rows.js'

export const storedRowCount = 10
export const storedRows = exampleRows(storedRowCount)

export const writerOptions: WriterOptions = { identity, rowCount: storedRowCount, rowsPerChunk: 4 }

/** Writes the rows after those in the store, in blocks of the given size, up to the given end. */
export async function writeRows(
  store: WritableByteStore,
  blockSize: number,
  options: Partial<WriterOptions> = {},
  end = storedRowCount,
): Promise<void> {
  const writer = await openGradientWriter(store, { ...writerOptions, ...options })
  try {
    for (let start = writer.rowsWritten; start < end; start += blockSize) {
      await writer.append(someRows(storedRows, start, Math.min(start + blockSize, end)))
    }
  } finally {
    await writer.close()
  }
}

/** All bytes of a store, as text by key. */
export async function contentOf(store: MemoryStore): Promise<Record<string, string>> {
  const entries = store.keys().map(async (key): Promise<[string, string]> => {
    const bytes = await store.get(key)
    return [key, new TextDecoder('latin1').decode(bytes)]
  })
  return Object.fromEntries(await Promise.all(entries))
}

/** Changes a byte of what is stored. */
export async function flipBit(
  store: WritableByteStore,
  key: string,
  offset: number,
): Promise<void> {
  const bytes = (await store.get(key))!
  bytes[offset]! ^= 1
  await store.set(key, bytes)
}

/** Changes a JSON file. */
export async function changeJson(
  store: WritableByteStore,
  key: string,
  change: (json: string) => string,
): Promise<void> {
  const before = new TextDecoder().decode(await store.get(key))
  const after = change(before)
  if (after === before) throw new Error(`Nothing changed in ${key}.`)
  await store.set(key, new TextEncoder().encode(after))
}

import { StoreError } from '../../../errors.js'
import type { ByteStore, RowRange } from '../../bytes/byte-store.js'
import { formatMetadataKey, parseArrayMetadata, plainGrid } from '../format/array-metadata.js'
import { Checksums } from '../format/checksums.js'
import { formatRangeFolder } from '../format/row-ranges.js'
import { getChecksumsArray, type StoreHeader } from '../format/store-header.js'
import { ChunkReader } from './chunk-reader.js'
import { readAll } from './read-all.js'
import { readMetadata } from './read-metadata.js'

export interface ChecksumsReadOptions {
  readonly signal?: AbortSignal | undefined
  /** Bypasses caches. */
  readonly reload?: boolean | undefined
  /** The rows, if they are those of a range that isn't merged yet. */
  readonly range?: RowRange | undefined
}

/**
 * The checksums of the chunks of the rows that are written.
 *
 * @throws StoreError about the array `checksums` if they aren't those of the header
 */
export async function readChecksums(
  store: ByteStore,
  header: StoreHeader,
  { signal, reload = false, range }: ChecksumsReadOptions = {},
): Promise<Checksums> {
  const { rowsPerChunk, rowsWritten } = header
  const array = getChecksumsArray(header)
  const start = Math.floor((range?.start ?? 0) / rowsPerChunk)
  const end = Math.ceil(rowsWritten / rowsPerChunk)
  const checksums = await Checksums.create(start, array.rowShape[0]!)
  if (start < end) {
    const reader = await openChecksums(store, header, { signal, reload, range })
    const linesPerChunk = array.rowsPerChunk
    const first = Math.floor(start / linesPerChunk)
    const chunks = Array.from(
      { length: Math.ceil(end / linesPerChunk) - first },
      (_, i) => first + i,
    )
    for (let at = 0; at < chunks.length; at += readsAtOnce) {
      const read = await readAll(
        chunks.slice(at, at + readsAtOnce),
        (chunk, reading) => reader.read(chunk, { signal: reading, reload }),
        signal,
      )
      for (const [i, lines] of read.entries()) {
        const offset = chunks[at + i]! * linesPerChunk
        const from = Math.max(start - offset, 0) * checksums.arrayCount
        const to = Math.min(end - offset, linesPerChunk) * checksums.arrayCount
        checksums.append(lines.subarray(from, to))
      }
    }
  }
  const { hash } = checksums
  if (hash === header.checksumsHash) return checksums
  throw new StoreError(
    'damaged',
    `array checksums of the store belongs to another version of it: its hash is ${hash}; expected ` +
      `${header.checksumsHash}. Copy the whole store again, or write it again.`,
    { array: array.name },
  )
}

const readsAtOnce = 6

async function openChecksums(
  store: ByteStore,
  header: StoreHeader,
  { signal, reload, range }: ChecksumsReadOptions,
): Promise<ChunkReader> {
  const array = getChecksumsArray(header)
  if (range !== undefined) {
    const own = { ...array, name: formatRangeFolder(range) }
    return ChunkReader.open(store, own, array, plainGrid)
  }
  const key = formatMetadataKey(array.name)
  const metadata = await readMetadata(store, key, { signal, reload })
  if (metadata === undefined) {
    throw new StoreError('missing', `The store has no ${key}.`, { array: array.name })
  }
  return ChunkReader.open(store, array, array, parseArrayMetadata(metadata, array, array))
}

import { StoreError } from '../errors.js'
import { type CallOptions, checkSignal } from '../options.js'
import type { ByteStore } from './bytes/byte-store.js'
import { type DamagedChunk, damagedChunks } from './zarr/reading/check-chunks.js'
import { readHeader } from './zarr/reading/open-reader.js'
import { storeArrays } from './zarr/format/store-header.js'

export type { DamagedChunk } from './zarr/reading/check-chunks.js'

/** What became of a store. */
export interface StoreVerification {
  /** How many rows the store has once it is complete. */
  readonly totalRowCount: number
  /** How many of them are written, and were checked. */
  readonly rowCount: number
  /** True while ranges of rows are written by themselves, and are not merged yet. Their rows are not checked. */
  readonly isInRanges: boolean
  /** How many chunks were checked, of all arrays. */
  readonly chunkCount: number
  /** Those that are not what was written, in the order of their rows. */
  readonly damaged: readonly DamagedChunk[]
}

/**
 * Reads all of a store of gradients, and checks its metadata and the crc32c of every chunk.
 *
 * @throws StoreError if there is no store, its metadata are not what they must be, or it cannot be reached; or the
 *   signal's reason
 */
export async function verifyGradientStore(
  store: ByteStore,
  { signal, onProgress }: CallOptions = {},
): Promise<StoreVerification> {
  checkSignal(signal)
  signal?.throwIfAborted()
  const header = await readHeader(store, signal)
  if (header === undefined) {
    throw new StoreError(
      'missing',
      'There is no store of gradients here: zarr.json is missing. Check its address.',
    )
  }
  const { rowCount: totalRowCount, rowsWritten: rowCount, rowsPerChunk, isInRanges } = header
  const damaged = await damagedChunks(store, header, { start: 0, end: rowCount }, signal, (row) => {
    onProgress?.({ phase: 'verify', done: row, total: rowCount })
  })
  const chunkCount = Math.ceil(rowCount / rowsPerChunk) * storeArrays(header).length
  return { totalRowCount, rowCount, isInRanges, chunkCount, damaged }
}

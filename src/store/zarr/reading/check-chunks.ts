import { isGradlensError, type StoreError } from '../../../errors.js'
import type { ByteStore, RowRange } from '../../bytes/byte-store.js'
import type { ChunkReader } from './chunk-reader.js'
import { openArrays, type StoreDescription } from './open-reader.js'
import { readAll } from './read-all.js'

/** A chunk that differs from what was written. */
export interface DamagedChunk {
  /** The array of the store. */
  readonly array: string
  /** The index of the chunk along the rows. */
  readonly chunk: number
  readonly failure: 'missing' | 'damaged'
  readonly message: string
}

/**
 * The chunks of those rows, in all arrays, that are missing, have a wrong length or checksum, or belong to another place
 * or version. The chunks of the same rows are read at once, and none is kept.
 *
 * @param report is called with the row up to which chunks are checked
 * @throws StoreError if an array's metadata are wrong or the store cannot be reached; or the signal's reason
 */
export async function findDamagedChunks(
  store: ByteStore,
  description: StoreDescription,
  { start, end }: RowRange,
  signal: AbortSignal | undefined,
  report: (row: number) => void,
): Promise<DamagedChunk[]> {
  const { arrays, chunks } = await openArrays(store, description, signal)
  const { rowsPerChunk } = description.header
  const found: DamagedChunk[] = []
  for (let row = start; row < end; row += rowsPerChunk) {
    const chunk = Math.floor(row / rowsPerChunk)
    const check = async (
      reader: ChunkReader,
      reading: AbortSignal,
    ): Promise<StoreError | undefined> => {
      try {
        await reader.read(chunk, { signal: reading })
        return undefined
      } catch (error) {
        if (isGradlensError(error, 'StoreError') && isDamage(error)) return error
        throw error
      }
    }
    const errors = await readAll(chunks, check, signal)
    signal?.throwIfAborted()
    for (const [i, error] of errors.entries()) {
      if (error === undefined) continue
      const failure = error.failure === 'missing' ? 'missing' : 'damaged'
      found.push({ array: arrays[i]!.name, chunk, failure, message: error.message })
    }
    report(Math.min(row + rowsPerChunk, end))
  }
  return found
}

export const isDamage = ({ failure }: StoreError): boolean =>
  failure === 'missing' || failure === 'damaged'

import { isGradlensError, type StoreError } from '../../../errors.js'
import type { ByteStore, RowRange } from '../../bytes/byte-store.js'
import type { ChunkReader } from './chunk-reader.js'
import { openArrays } from './open-reader.js'
import { readAll } from './read-all.js'
import type { StoreHeader } from '../format/store-header.js'

/** A chunk that is not what was written. */
export interface DamagedChunk {
  /** The array of the store. */
  readonly array: string
  /** Its chunk, by index along the rows. */
  readonly chunk: number
  readonly failure: 'missing' | 'damaged'
  readonly message: string
}

/**
 * The chunks of those rows, of all arrays, that are missing or whose checksum or length is wrong. Each is read, those of
 * the same rows at once, and none is kept.
 *
 * @param report takes the row up to which they are checked
 * @throws StoreError if an array's metadata are wrong, or the store cannot be reached; or the signal's reason
 */
export async function damagedChunks(
  store: ByteStore,
  header: StoreHeader,
  { start, end }: RowRange,
  signal: AbortSignal | undefined,
  report: (row: number) => void,
): Promise<DamagedChunk[]> {
  const { arrays, chunks } = await openArrays(store, header, signal)
  const { rowsPerChunk } = header
  const found: DamagedChunk[] = []
  for (let row = start; row < end; row += rowsPerChunk) {
    const chunk = Math.floor(row / rowsPerChunk)
    const check = async (reader: ChunkReader): Promise<StoreError | undefined> => {
      try {
        await reader.read(chunk, { signal })
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

const isDamage = ({ failure }: StoreError): boolean =>
  failure === 'missing' || failure === 'damaged'

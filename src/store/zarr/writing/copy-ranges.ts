import { StoreError } from '../../../errors.js'
import type { WritableByteStore } from '../../bytes/byte-store.js'
import { chunkKey } from '../format/array-metadata.js'
import {
  assertAlike,
  describeRange,
  encodeRange,
  listRanges,
  rangeKey,
  type RangeRecord,
  readRange,
  refuseOverlap,
  rootOfRanges,
} from '../format/row-ranges.js'
import { encodeHeader, rootKey, storeArrays } from '../format/store-header.js'

/**
 * Copies what the ranges of other stores hold, chunk by chunk; what was copied before is not copied again.
 *
 * @throws StoreError if ranges overlap or differ, or a chunk is missing; or the signal's reason
 */
export async function copyRanges(
  from: readonly WritableByteStore[],
  to: WritableByteStore,
  signal: AbortSignal | undefined,
  report: (done: number, total: number) => void,
): Promise<void> {
  const copies: { readonly source: WritableByteStore; readonly record: RangeRecord }[] = []
  for (const source of from) {
    for (const rows of await listRanges(source)) {
      const record = await readRange(source, rows, signal)
      if (record !== undefined) copies.push({ source, record })
    }
  }
  const total = copies.reduce((sum, { record }) => sum + writtenIn(record), 0)
  let done = 0
  for (const { source, record } of copies) {
    assertAlike(copies[0]!.record, record)
    await refuseOverlap(to, record.rows)
    const copied = await readRange(to, record.rows, signal)
    if (copied !== undefined) assertAlike(copied, record)
    else await to.set(rootKey, encodeHeader(rootOfRanges(record.header)))
    const { header, rows } = record
    const first = copied?.header.rowsWritten ?? rows.start
    done += Math.min(first, header.rowsWritten) - rows.start
    for (let row = first; row < header.rowsWritten; row += header.rowsPerChunk) {
      await copyChunks(source, to, record, Math.floor(row / header.rowsPerChunk), signal)
      done += Math.min(header.rowsPerChunk, header.rowsWritten - row)
      report(done, total)
    }
    if (first < header.rowsWritten || copied === undefined) {
      await to.set(rangeKey(rows), encodeRange(record))
    }
  }
}

const writtenIn = ({ rows, header }: RangeRecord): number => header.rowsWritten - rows.start

async function copyChunks(
  source: WritableByteStore,
  to: WritableByteStore,
  { header, rows }: RangeRecord,
  chunk: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const array of storeArrays(header)) {
    signal?.throwIfAborted()
    const bytes = await source.get(chunkKey(array, chunk), { signal })
    if (bytes === undefined) {
      throw new StoreError(
        'missing',
        `array ${array.name}, chunk ${chunk} is missing in the store of the range ${describeRange(rows)}, ` +
          `which has it as written. Delete its ${rangeKey(rows)} and write the range again.`,
        { array: array.name, chunk },
      )
    }
    await to.set(chunkKey(array, chunk), bytes)
  }
}

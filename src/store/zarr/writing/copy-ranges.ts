import { isGradlensError, StoreError } from '../../../errors.js'
import type { WritableByteStore } from '../../bytes/byte-store.js'
import { formatChunkKey, readChecksum } from '../format/array-metadata.js'
import type { Checksums } from '../format/checksums.js'
import {
  assertSameStore,
  describeRange,
  encodeRange,
  formatRangeKey,
  listRanges,
  type RangeRecord,
  readRange,
  refuseOverlap,
  createRangesRoot,
} from '../format/row-ranges.js'
import { encodeHeader, listArrays, rootKey } from '../format/store-header.js'
import { isDamage } from '../reading/check-chunks.js'
import { readChecksums } from '../reading/read-checksums.js'
import { encodeAllChecksums } from './encode-checksums.js'

interface RangeCopy {
  readonly source: WritableByteStore
  readonly record: RangeRecord
  readonly checksums: Checksums
}

/**
 * Copies the ranges of other stores chunk by chunk. Chunks that were copied before are not copied again.
 *
 * @throws StoreError if ranges overlap or differ, or a chunk is missing or not the one of its range; or the signal's
 *   reason
 */
export async function copyRanges(
  from: readonly WritableByteStore[],
  to: WritableByteStore,
  signal: AbortSignal | undefined,
  report: (done: number, total: number) => void,
): Promise<void> {
  const copies: RangeCopy[] = []
  for (const source of from) {
    for (const rows of await listRanges(source)) {
      const record = await readRange(source, rows, signal)
      if (record === undefined) continue
      copies.push({ source, record, checksums: await readRangeChecksums(source, record, signal) })
    }
  }
  const total = copies.reduce((sum, { record }) => sum + countRowsWritten(record), 0)
  let done = 0
  for (const copy of copies) {
    const { rows, header } = copy.record
    const { rowsPerChunk, rowsWritten } = header
    assertSameStore(copies[0]!.record, copy.record)
    await refuseOverlap(to, rows)
    const copied = await readRange(to, rows, signal)
    if (copied !== undefined) assertSameStore(copied, copy.record)
    else await to.set(rootKey, await encodeHeader(createRangesRoot(header)))
    const first = copied === undefined ? rows.start : await findCopiedRows(to, copied, copy, signal)
    done += first - rows.start
    for (let row = first; row < rowsWritten; row += rowsPerChunk) {
      await copyChunks(copy, to, Math.floor(row / rowsPerChunk), signal)
      done += Math.min(rowsPerChunk, rowsWritten - row)
      report(done, total)
    }
    if (first === rowsWritten && copied !== undefined) continue
    await writeRange(to, copy)
  }
}

/**
 * The checksums of a range, checked against its record.
 *
 * @throws StoreError that says how to write the range again
 */
export async function readRangeChecksums(
  store: WritableByteStore,
  { rows, header }: RangeRecord,
  signal: AbortSignal | undefined,
): Promise<Checksums> {
  try {
    return await readChecksums(store, header, { signal, range: rows })
  } catch (error) {
    if (!isGradlensError(error, 'StoreError') || !isDamage(error)) throw error
    throw new StoreError(
      error.failure,
      `The checksums of the range ${describeRange(rows)}: ${error.message} Delete ${formatRangeKey(rows)}, write ` +
        `the rows ${describeRange(rows)} again, and merge again.`,
      { cause: error },
    )
  }
}

const countRowsWritten = ({ rows, header }: RangeRecord): number => header.rowsWritten - rows.start

/** The row up to which the copied range equals the source. */
async function findCopiedRows(
  to: WritableByteStore,
  copied: RangeRecord,
  { record: { rows, header }, checksums }: RangeCopy,
  signal: AbortSignal | undefined,
): Promise<number> {
  const ours = await readRangeChecksums(to, copied, signal)
  const end = Math.min(ours.endChunk, checksums.endChunk)
  const ourLines = ours.getLines(ours.firstChunk, end)
  const theirLines = checksums.getLines(ours.firstChunk, end)
  const difference = ourLines.findIndex((value, i) => value !== theirLines[i])
  if (difference < 0) return Math.min(copied.header.rowsWritten, header.rowsWritten)
  return rows.start + Math.floor(difference / ours.arrayCount) * header.rowsPerChunk
}

async function copyChunks(
  { source, record: { rows, header }, checksums }: RangeCopy,
  to: WritableByteStore,
  chunk: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const [i, array] of listArrays(header).entries()) {
    signal?.throwIfAborted()
    const key = formatChunkKey(array, chunk)
    const bytes = await source.get(key, { signal })
    const isRight =
      bytes !== undefined && bytes.length >= 4 && readChecksum(bytes) === checksums.get(chunk, i)
    if (!isRight) {
      throw new StoreError(
        bytes === undefined ? 'missing' : 'damaged',
        `array ${array.name}, chunk ${chunk} is ${bytes === undefined ? 'missing' : 'damaged'} in the store of the ` +
          `range ${describeRange(rows)}. Delete its ${formatRangeKey(rows)} and write the range again.`,
        { array: array.name, chunk },
      )
    }
    await to.set(key, bytes)
  }
}

/** Writes the checksums and then the record, so that the record is never ahead of them. */
async function writeRange(to: WritableByteStore, { record, checksums }: RangeCopy): Promise<void> {
  const { rows, header } = record
  for (const [key, bytes] of encodeAllChecksums(checksums, header, rows)) await to.set(key, bytes)
  await to.set(formatRangeKey(rows), await encodeRange(record))
}

import { InvalidArgumentError, StoreError } from '../errors.js'
import { type CallOptions, checkSignal } from '../options.js'
import type { RowRange, WritableByteStore } from './bytes/byte-store.js'
import { Checksums } from './zarr/format/checksums.js'
import {
  assertRangesPossible,
  assertSameStore,
  deleteRanges,
  describeRange,
  formatRangeKey,
  listRanges,
  type RangeRecord,
  readRange,
} from './zarr/format/row-ranges.js'
import {
  encodeArrays,
  encodeHeader,
  listArrays,
  rootKey,
  type StoreHeader,
} from './zarr/format/store-header.js'
import { type DamagedChunk, findDamagedChunks } from './zarr/reading/check-chunks.js'
import { readHeader } from './zarr/reading/open-reader.js'
import { copyRanges, readRangeChecksums } from './zarr/writing/copy-ranges.js'
import { encodeAllChecksums } from './zarr/writing/encode-checksums.js'

/** Options of mergeGradientStore. */
export interface MergeOptions extends CallOptions {
  /** Stores whose ranges are copied to this one first. They are not changed. */
  readonly from?: readonly WritableByteStore[] | undefined
}

/** What mergeGradientStore did. */
export interface MergedStore {
  readonly rowCount: number
  /** How many ranges were merged; 0 if the store was already complete. */
  readonly rangeCount: number
}

/**
 * Merges ranges of rows that were written separately into one complete store, identical to a store written by one fit. All
 * rows must exist; all ranges must have the same model, loss, parameters and arrays; and every chunk must be the one that
 * was written.
 *
 * @throws StoreError that says which rows are missing, which range differs and how, or which chunk is damaged; the
 *   store is not changed then. Or the signal's reason
 */
export async function mergeGradientStore(
  store: WritableByteStore,
  { from = [], signal, onProgress }: MergeOptions = {},
): Promise<MergedStore> {
  checkSignal(signal)
  signal?.throwIfAborted()
  for (const each of [store, ...from]) assertRangesPossible(each)
  if (from.includes(store)) {
    throw new InvalidArgumentError('from', 'the store itself', 'other stores')
  }
  const lock = await store.lock?.()
  try {
    const root = await readHeader(store, { signal })
    if (root !== undefined && !root.isInRanges) return await finishMergedStore(store, root)
    if (from.length > 0) {
      await copyRanges(from, store, signal, (done, total) => {
        onProgress?.({ phase: 'merge', done, total })
      })
    }
    const records = await readRecords(store, signal)
    const header = assertComplete(records)
    const { rowCount } = header
    const checksums = await mergeChecksums(store, records, signal)
    // Copies of several folders may lack the metadata, or have those of another store.
    for (const [key, bytes] of encodeArrays(header)) await store.set(key, bytes)
    const whole: StoreHeader = {
      ...header,
      rowsWritten: rowCount,
      isInRanges: false,
      checksumsHash: checksums.hash,
    }
    const rows = { start: 0, end: rowCount }
    const description = { header: whole, checksums }
    const damaged = await findDamagedChunks(store, description, rows, signal, (row) => {
      onProgress?.({ phase: 'verify', done: row, total: rowCount })
    })
    refuseDamaged(damaged, records)
    for (const [key, bytes] of encodeAllChecksums(checksums, whole, undefined)) {
      await store.set(key, bytes)
    }
    await lock?.assertHeld()
    await store.set(rootKey, await encodeHeader(whole))
    await deleteRanges(store)
    return { rowCount, rangeCount: records.length }
  } finally {
    await lock?.release()
  }
}

/** Finishes a merge that was interrupted at its last step. @throws StoreError if the store isn't complete */
async function finishMergedStore(
  store: WritableByteStore,
  root: StoreHeader,
): Promise<MergedStore> {
  const { rowCount, rowsWritten } = root
  if (rowsWritten < rowCount) {
    throw new StoreError(
      'different',
      `The store was not written in ranges of rows, and has ${rowsWritten} of ${rowCount} rows. ` +
        'Complete it in the way it was started.',
    )
  }
  await deleteRanges(store)
  return { rowCount, rangeCount: 0 }
}

async function readRecords(
  store: WritableByteStore,
  signal: AbortSignal | undefined,
): Promise<RangeRecord[]> {
  const ranges = await listRanges(store)
  const records = await Promise.all(ranges.map((rows) => readRange(store, rows, signal)))
  return records.filter((record) => record !== undefined)
}

/** The checksums of all ranges, which must be complete and in order. */
async function mergeChecksums(
  store: WritableByteStore,
  records: readonly RangeRecord[],
  signal: AbortSignal | undefined,
): Promise<Checksums> {
  const merged = await Checksums.create(0, listArrays(records[0]!.header).length)
  for (const record of records) {
    const checksums = await readRangeChecksums(store, record, signal)
    merged.append(checksums.getLines(checksums.firstChunk, checksums.endChunk))
  }
  return merged
}

/** The header that all ranges share. @throws StoreError if they differ or rows are missing */
function assertComplete(records: readonly RangeRecord[]): StoreHeader {
  const [first] = records
  if (first === undefined) {
    throw new StoreError(
      'missing',
      'No ranges of gradients were found to merge. Write them first, with the option rows, or check the address.',
    )
  }
  for (const record of records) assertSameStore(first, record)
  const missing: string[] = []
  const { rowCount } = first.header
  let next = 0
  for (const { rows, header } of records) {
    if (rows.start < next) {
      throw new StoreError(
        'different',
        `The range ${describeRange(rows)} overlaps the one before it, which ends at row ${next}. Remove the ` +
          `record of the unwanted one, for example ${formatRangeKey(rows)}.`,
      )
    }
    if (rows.start > next) missing.push(describeRange({ start: next, end: rows.start }))
    if (header.rowsWritten < rows.end) {
      const left: RowRange = { start: header.rowsWritten, end: rows.end }
      missing.push(`${describeRange(left)} of the unfinished range ${describeRange(rows)}`)
    }
    next = rows.end
  }
  if (next < rowCount) missing.push(describeRange({ start: next, end: rowCount }))
  if (missing.length === 0) return first.header
  throw new StoreError(
    'missing',
    `The store is incomplete: of its ${rowCount} rows it lacks ${missing.join(', ')}. Write these ranges of rows and ` +
      'merge again.',
  )
}

function refuseDamaged(damaged: readonly DamagedChunk[], records: readonly RangeRecord[]): void {
  const [first] = damaged
  if (first === undefined) return
  const { rowsPerChunk } = records[0]!.header
  const row = first.chunk * rowsPerChunk
  const { rows } = records.find(({ rows: { end } }) => row < end)!
  const others = damaged.length - 1
  const more =
    others === 0 ? '' : ` ${others} more chunk${others === 1 ? ' is' : 's are'} damaged or missing.`
  throw new StoreError(
    'damaged',
    `${first.message}${more} Delete ${formatRangeKey(rows)}, write the rows ${describeRange(rows)} again, and merge again.`,
    { chunk: first.chunk },
  )
}

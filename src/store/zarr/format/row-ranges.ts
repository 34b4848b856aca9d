import { InvalidArgumentError, StoreError } from '../../../errors.js'
import { describe } from '../../../options.js'
import type { ByteStore, RowRange, WritableByteStore } from '../../bytes/byte-store.js'
import { emptyChecksumsHash } from './checksums.js'
import { encodeJson } from './encode-json.js'
import { JsonReader } from './json-reader.js'
import { compareHeaders } from './create-header.js'
import { checkSeal, sealObject } from './sealed-json.js'
import { encodeAttributes, parseAttributes, type StoreHeader } from './store-header.js'
import { compareIdentities } from './store-identity.js'
import { readMetadata } from '../reading/read-metadata.js'

/** The progress of a range of rows, in a store whose ranges are written separately and merged later. */
export interface RangeRecord {
  readonly rows: RowRange
  /**
   * The header of the whole store, but for two fields: `rowsWritten`, counted from the store's first row, is where the
   * written part of the range ends, and `checksumsHash` is that of the range.
   */
  readonly header: StoreHeader
}

const rangesFolder = 'ranges'

export const formatRangeKey = (rows: RowRange): string => `${formatRangeFolder(rows)}.json`

/** The folder of the checksums of a range, until it is merged. */
export const formatRangeFolder = ({ start, end }: RowRange): string =>
  `${rangesFolder}/${start}-${end}`

export const describeRange = ({ start, end }: RowRange): string => `${start}:${end}`

/** Equal records give equal bytes. */
export const encodeRange = async ({
  rows,
  header,
}: RangeRecord): Promise<Uint8Array<ArrayBuffer>> =>
  encodeJson(
    await sealObject({
      start: rows.start,
      end: rows.end,
      rows_written: header.rowsWritten - rows.start,
      checksums_hash: header.checksumsHash,
      gradlens: await encodeAttributes(createRangesRoot(header)),
    }),
  )

/** The header of the group while ranges are written. It has no rows, so that the store can't be taken for complete. */
export const createRangesRoot = (header: StoreHeader): StoreHeader => ({
  ...header,
  rowsWritten: 0,
  isInRanges: true,
  checksumsHash: emptyChecksumsHash,
})

/** The record of a range, or undefined if the range was not started. */
export async function readRange(
  store: ByteStore,
  rows: RowRange,
  signal?: AbortSignal,
): Promise<RangeRecord | undefined> {
  const key = formatRangeKey(rows)
  const bytes = await readMetadata(store, key, { signal })
  if (bytes === undefined) return undefined
  const json = JsonReader.parse(key, bytes)
  await checkSeal(json)
  json.get('start').toChoice([rows.start])
  json.get('end').toChoice([rows.end])
  const count = json.get('rows_written').toInteger(0, rows.end - rows.start)
  const header = await parseAttributes(json.get('gradlens'))
  const rowsWritten = rows.start + count
  if (
    !isBorder(rows.start, header) ||
    !isBorder(rows.end, header) ||
    !isBorder(rowsWritten, header)
  ) {
    throw new StoreError(
      'damaged',
      `${key} of the store: got ${count} rows_written of rows ${describeRange(rows)}; expected whole chunks ` +
        `of ${header.rowsPerChunk} rows, of ${header.rowCount} in all.`,
    )
  }
  return {
    rows,
    header: { ...header, rowsWritten, checksumsHash: json.get('checksums_hash').toText() },
  }
}

/** The ranges that were started, in their order. */
export async function listRanges(store: WritableByteStore): Promise<RowRange[]> {
  const names = await store.list!(rangesFolder)
  return parseRanges(names.filter((name) => name.endsWith('.json')))
}

/** Deletes the records of all ranges and their checksums. */
export async function deleteRanges(store: WritableByteStore): Promise<void> {
  for (const rows of parseRanges(await store.list!(rangesFolder))) {
    const folder = formatRangeFolder(rows)
    // The record comes last, so that an interrupted call can be repeated.
    for (const name of await store.list!(folder)) await store.delete!(`${folder}/${name}`)
    await store.delete!(formatRangeKey(rows))
  }
}

function parseRanges(names: readonly string[]): RowRange[] {
  return names
    .flatMap((name) => {
      const [, start, end] = /^(\d+)-(\d+)(?:\.json)?$/.exec(name) ?? []
      return start === undefined ? [] : [{ start: Number(start), end: Number(end) }]
    })
    .sort((a, b) => a.start - b.start || a.end - b.end)
}

/** @throws InvalidArgumentError for rows that aren't in the store */
export function checkRows(rows: RowRange, rowCount: number): void {
  const { start, end } = rows
  if (
    Number.isInteger(start) &&
    Number.isInteger(end) &&
    start >= 0 &&
    start < end &&
    end <= rowCount
  )
    return
  throw new InvalidArgumentError(
    'rows',
    `${describe(start)} to ${describe(end)}`,
    `a start and an end within the ${rowCount} rows, the start below the end`,
  )
}

/** @throws InvalidArgumentError if the range doesn't start and end at borders of chunks */
export function checkChunkBorders(rows: RowRange, header: StoreHeader): void {
  if (isBorder(rows.start, header) && isBorder(rows.end, header)) return
  const { rowsPerChunk, rowCount } = header
  const start = Math.floor(rows.start / rowsPerChunk) * rowsPerChunk
  const end = Math.min(Math.ceil(rows.end / rowsPerChunk) * rowsPerChunk, rowCount)
  throw new InvalidArgumentError(
    'rows',
    describeRange(rows),
    `borders of chunks, which have ${rowsPerChunk} rows, or the end of the last row: for example ` +
      `${describeRange({ start, end })}, or another rowsPerChunk`,
  )
}

const isBorder = (row: number, { rowsPerChunk, rowCount }: StoreHeader): boolean =>
  row % rowsPerChunk === 0 || row === rowCount

/** @throws InvalidArgumentError if the store cannot be written in ranges */
export function assertRangesPossible(store: WritableByteStore): void {
  if (typeof store.list === 'function' && typeof store.delete === 'function') return
  throw new InvalidArgumentError(
    'store',
    'a store without list and delete',
    'one that has them, such as FileSystemStore, to write ranges of rows',
  )
}

/** @throws StoreError with failure `'different'` if another range of the store has some of the rows */
export async function refuseOverlap(store: WritableByteStore, rows: RowRange): Promise<void> {
  for (const other of await listRanges(store)) {
    const isSame = other.start === rows.start && other.end === rows.end
    if (isSame || other.start >= rows.end || rows.start >= other.end) continue
    throw new StoreError(
      'different',
      `Rows ${describeRange(rows)} overlap the range ${describeRange(other)}, which was started in this store. Write ` +
        'ranges that do not overlap.',
    )
  }
}

/** @throws StoreError with failure `'different'` if two ranges don't belong to the same store */
export function assertSameStore(first: RangeRecord, other: RangeRecord): void {
  const found = [
    ...compareIdentities(first.header.identity, other.header.identity),
    ...compareHeaders(other.header, first.header),
  ]
  if (found.length === 0) return
  throw new StoreError(
    'different',
    `The range ${describeRange(other.rows)} is of another store than the range ${describeRange(first.rows)}, which ` +
      `is 'here': ${found.join('; ')}. Write the wrong one again.`,
  )
}

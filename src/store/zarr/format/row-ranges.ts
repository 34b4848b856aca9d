import { InvalidArgumentError, StoreError } from '../../../errors.js'
import { describe } from '../../../options.js'
import type { ByteStore, RowRange, WritableByteStore } from '../../bytes/byte-store.js'
import { JsonReader } from './json-reader.js'
import { layoutDifferences } from './layout.js'
import { encodeAttributes, encodeJson, parseAttributes, type StoreHeader } from './store-header.js'
import { differences } from './store-identity.js'

/** How far a range of rows has come, in a store whose ranges are written by themselves and merged later. */
export interface RangeRecord {
  readonly rows: RowRange
  /** What the range is a part of. Its `rowsWritten` counts from the store's first row: up to there the range is whole. */
  readonly header: StoreHeader
}

const rangesFolder = 'ranges'

export const rangeKey = ({ start, end }: RowRange): string => `${rangesFolder}/${start}-${end}.json`

export const describeRange = ({ start, end }: RowRange): string => `${start}:${end}`

/** Equal records give equal bytes. */
export const encodeRange = ({ rows, header }: RangeRecord): Uint8Array<ArrayBuffer> =>
  encodeJson({
    start: rows.start,
    end: rows.end,
    rows_written: header.rowsWritten - rows.start,
    gradlens: encodeAttributes(rootOfRanges(header)),
  })

/** The group's header while ranges are written: it tells of no row, so that nobody takes the store for complete. */
export const rootOfRanges = (header: StoreHeader): StoreHeader => ({
  ...header,
  rowsWritten: 0,
  isInRanges: true,
})

/** The range's record; undefined if it was not begun. */
export async function readRange(
  store: ByteStore,
  rows: RowRange,
  signal?: AbortSignal,
): Promise<RangeRecord | undefined> {
  const { readMetadata } = await import('../reading/open-reader.js')
  const key = rangeKey(rows)
  const bytes = await readMetadata(store, key, signal)
  if (bytes === undefined) return undefined
  const json = JsonReader.parse(key, bytes)
  json.field('start').oneOf([rows.start])
  json.field('end').oneOf([rows.end])
  const count = json.field('rows_written').integer(0, rows.end - rows.start)
  const header = parseAttributes(json.field('gradlens'))
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
  return { rows, header: { ...header, rowsWritten } }
}

/** The ranges that were begun, in their order. */
export async function listRanges(store: WritableByteStore): Promise<RowRange[]> {
  const names = await store.list!(rangesFolder)
  return names
    .flatMap((name) => {
      const [, start, end] = /^(\d+)-(\d+)\.json$/.exec(name) ?? []
      return start === undefined ? [] : [{ start: Number(start), end: Number(end) }]
    })
    .sort((a, b) => a.start - b.start || a.end - b.end)
}

/** @throws InvalidArgumentError for rows that are no range of the store's */
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

/** @throws InvalidArgumentError if the range would share a chunk with another */
export function checkBorders(rows: RowRange, header: StoreHeader): void {
  if (isBorder(rows.start, header) && isBorder(rows.end, header)) return
  const { rowsPerChunk, rowCount } = header
  const start = Math.floor(rows.start / rowsPerChunk) * rowsPerChunk
  const end = Math.min(Math.ceil(rows.end / rowsPerChunk) * rowsPerChunk, rowCount)
  throw new InvalidArgumentError(
    'rows',
    describeRange(rows),
    `borders of chunks, which have ${rowsPerChunk} rows, or the last row's end: ` +
      `${describeRange({ start, end })}, say, or other rowsPerChunk`,
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
    'one that has them, as FileSystemStore, to write ranges of rows',
  )
}

/** @throws StoreError with failure `'different'` if another range of the store holds some of the rows */
export async function refuseOverlap(store: WritableByteStore, rows: RowRange): Promise<void> {
  for (const other of await listRanges(store)) {
    const isSame = other.start === rows.start && other.end === rows.end
    if (isSame || other.start >= rows.end || rows.start >= other.end) continue
    throw new StoreError(
      'different',
      `Rows ${describeRange(rows)} overlap the range ${describeRange(other)} that was begun in this store. Write ` +
        'ranges that do not overlap.',
    )
  }
}

/** @throws StoreError with failure `'different'` if two ranges are not parts of the same store */
export function assertAlike(first: RangeRecord, other: RangeRecord): void {
  const found = [
    ...differences(first.header.identity, other.header.identity),
    ...layoutDifferences(other.header, first.header),
  ]
  if (found.length === 0) return
  throw new StoreError(
    'different',
    `The range ${describeRange(other.rows)} is of another store than the range ${describeRange(first.rows)}, which ` +
      `is 'here': ${found.join('; ')}. Write the one that is wrong again.`,
  )
}

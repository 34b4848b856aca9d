import type { RowRange } from '../../bytes/byte-store.js'
import { formatChunkKey, type RowCounts } from '../format/array-metadata.js'
import type { Checksums } from '../format/checksums.js'
import { formatRangeFolder } from '../format/row-ranges.js'
import type { StoredArray } from '../format/store-arrays.js'
import { getChecksumsArray, type StoreHeader } from '../format/store-header.js'
import { ChunkBuffer } from './chunk-buffer.js'

/**
 * The chunk of the stored checksums that has the line of a chunk of rows, with its key. Lines that don't exist are zeros.
 *
 * @param range the rows, if they are a range that isn't merged yet
 */
export function encodeChecksums(
  checksums: Checksums,
  header: StoreHeader,
  rowChunk: number,
  range: RowRange | undefined,
): [string, Uint8Array<ArrayBuffer>] {
  const array = getChecksumsArray(header)
  const chunk = Math.floor(rowChunk / array.rowsPerChunk)
  return encodeChunk(checksums, array, chunk, range)
}

/** All chunks of the stored checksums, by key. */
export function* encodeAllChecksums(
  checksums: Checksums,
  header: StoreHeader,
  range: RowRange | undefined,
): Generator<[string, Uint8Array<ArrayBuffer>]> {
  const { firstChunk, endChunk } = checksums
  const array = getChecksumsArray(header)
  const first = Math.floor(firstChunk / array.rowsPerChunk)
  const end = Math.ceil(endChunk / array.rowsPerChunk)
  for (let chunk = first; chunk < end && firstChunk < endChunk; chunk++) {
    yield encodeChunk(checksums, array, chunk, range)
  }
}

function encodeChunk(
  checksums: Checksums,
  array: StoredArray & RowCounts,
  chunk: number,
  range: RowRange | undefined,
): [string, Uint8Array<ArrayBuffer>] {
  const { rowsPerChunk } = array
  const offset = chunk * rowsPerChunk
  const start = Math.max(offset, checksums.firstChunk)
  const end = Math.min(offset + rowsPerChunk, checksums.endChunk)
  const buffer = new ChunkBuffer(array, array)
  buffer.data.set(checksums.getLines(start, end), (start - offset) * buffer.rowSize)
  const name = range === undefined ? array.name : formatRangeFolder(range)
  return [formatChunkKey({ ...array, name }, chunk), buffer.encode(rowsPerChunk)]
}

import { isGradlensError } from '../../../errors.js'
import type { RowRange, WritableByteStore } from '../../bytes/byte-store.js'
import { crcByteLength, formatChunkKey, readChecksum } from '../format/array-metadata.js'
import { Checksums } from '../format/checksums.js'
import { listArrays, type StoreHeader } from '../format/store-header.js'
import { isDamage } from '../reading/check-chunks.js'
import { createReader, type StoreDescription } from '../reading/open-reader.js'
import { readChecksums } from '../reading/read-checksums.js'

/** Rows that a header, or the record of a range, counts as written. */
export interface FoundRows {
  readonly header: StoreHeader
  /** The rows of the range, if it isn't merged. */
  readonly range?: RowRange | undefined
  /** The row before which the search starts; that of the header if left out. */
  readonly end?: number | undefined
}

/**
 * The rows before the first chunk that was lost. A loss of power may lose chunks that were written last.
 *
 * @param start the first row of interest
 */
export async function findIntactRows(
  store: WritableByteStore,
  { header, range, end = header.rowsWritten }: FoundRows,
  start: number,
): Promise<StoreDescription> {
  const { rowsPerChunk } = header
  const checksums = await recoverChecksums(store, header, range)
  const truncate = async (rowsWritten: number): Promise<StoreDescription> => {
    const [from, to] = [start, rowsWritten].map((row) => Math.ceil(row / rowsPerChunk))
    const kept = await checksums.slice(from!, to!)
    return { header: { ...header, rowsWritten, checksumsHash: kept.hash }, checksums: kept }
  }
  if (header.rowsWritten === start) return truncate(start)
  const reader = await createReader(store, { header, checksums }, { maxByteLength: Infinity })
  const firstLost = checksums.endChunk * rowsPerChunk
  let rowsWritten = Math.max(start, Math.min(end, firstLost))
  while (rowsWritten > start) {
    const first = Math.floor((rowsWritten - 1) / rowsPerChunk) * rowsPerChunk
    try {
      await Promise.all([
        reader.readGradients(first, rowsWritten),
        reader.readLabels(first, rowsWritten),
        reader.readLabelFactors(first, rowsWritten),
        reader.readIds(first, rowsWritten),
        reader.readExamples(first, rowsWritten),
      ])
      return await truncate(rowsWritten)
    } catch (error) {
      if (!isLoss(error)) throw error
      rowsWritten = first
    }
  }
  return truncate(start)
}

/** The checksums of the rows. Lost ones are taken from the chunks, if the header confirms them; else there are none. */
async function recoverChecksums(
  store: WritableByteStore,
  header: StoreHeader,
  range: RowRange | undefined,
): Promise<Checksums> {
  try {
    return await readChecksums(store, header, { range })
  } catch (error) {
    if (!isLoss(error)) throw error
  }
  const arrays = listArrays(header)
  const firstChunk = Math.floor((range?.start ?? 0) / header.rowsPerChunk)
  const endChunk = Math.ceil(header.rowsWritten / header.rowsPerChunk)
  const checksums = await Checksums.create(firstChunk, arrays.length)
  for (let chunk = firstChunk; chunk < endChunk; chunk++) {
    const line: number[] = []
    for (const array of arrays) {
      const key = formatChunkKey(array, chunk)
      const end = { suffixLength: crcByteLength }
      const bytes = await (store.getRange?.(key, end) ?? store.get(key))
      if (bytes === undefined || bytes.length < crcByteLength) break
      line.push(readChecksum(bytes))
    }
    if (line.length < arrays.length) break
    checksums.append(line)
  }
  const isConfirmed = checksums.hash === header.checksumsHash
  return isConfirmed ? checksums : Checksums.create(firstChunk, arrays.length)
}

const isLoss = (error: unknown): boolean => isGradlensError(error, 'StoreError') && isDamage(error)

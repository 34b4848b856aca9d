import { countChunkBytes } from './array-metadata.js'
import { createHeader, type WriterOptions } from './create-header.js'
import type { GradientRows } from './gradient-rows.js'
import { encodeArrays, encodeHeader, getChecksumsArray, listArrays } from './store-header.js'

/**
 * Counts the bytes of a complete store: its chunks and its metadata.
 *
 * @param rows any rows of it, for their layouts
 */
export async function countStoreBytes(options: WriterOptions, rows: GradientRows): Promise<number> {
  const { rowCount } = options
  const header = { ...createHeader(options, rows, undefined), rowsWritten: rowCount }
  const checksums = getChecksumsArray(header)
  const metadata = [await encodeHeader(header), ...encodeArrays(header).map(([, bytes]) => bytes)]
  const chunks = [
    ...listArrays(header).map((array) => ({ array, rows: header })),
    { array: checksums, rows: checksums },
  ]
  return (
    metadata.reduce((sum, { byteLength }) => sum + byteLength, 0) +
    chunks.reduce((sum, { array, rows: counts }) => {
      const chunkCount = Math.ceil(counts.rowCount / counts.rowsPerChunk)
      return sum + chunkCount * countChunkBytes(array, counts)
    }, 0)
  )
}

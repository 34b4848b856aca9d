import type { WritableByteStore } from 'gradlens'
import { openGradientWriter } from '../../../src/store/zarr/writing/open-writer.js'
import { exampleRows, identity, someRows } from './gradient-rows.js'

const rowCount = 60
const blockSize = 4

/** Continues a store with enough rows that its process can be killed while it writes. */
export async function writeManyRows(
  store: WritableByteStore,
  onWritten: (rowsWritten: number) => void = () => undefined,
): Promise<void> {
  const rows = exampleRows(rowCount)
  const writer = await openGradientWriter(store, { identity, rowCount, rowsPerChunk: 5 })
  for (let start = writer.rowsWritten; start < rowCount; start += blockSize) {
    await writer.append(someRows(rows, start, Math.min(start + blockSize, rowCount)))
    onWritten(writer.rowsWritten)
  }
  await writer.close()
}

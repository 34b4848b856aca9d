import { StoreError } from '../errors.js'
import { type CallOptions, checkSignal } from '../options.js'
import type { CurvatureName } from '../curvature/curvature-options.js'
import type { ByteStore } from './bytes/byte-store.js'
import { verifyCurvatures } from './zarr/curvature/verify-curvatures.js'
import { listArrays } from './zarr/format/store-header.js'
import { type DamagedChunk, findDamagedChunks } from './zarr/reading/check-chunks.js'
import { describeStore } from './zarr/reading/open-reader.js'

export type { DamagedChunk } from './zarr/reading/check-chunks.js'

/** The state of a store. */
export interface StoreVerification {
  /** How many rows the store has once it is complete. */
  readonly totalRowCount: number
  /** How many of them are written, and were checked. */
  readonly rowCount: number
  /** True while ranges of rows are written separately and not yet merged. Their rows are not checked. */
  readonly isInRanges: boolean
  /** The curvatures that the store has: 'ekfac', for example. */
  readonly curvatures: readonly CurvatureName[]
  /** How many chunks were checked, in all arrays. */
  readonly chunkCount: number
  /** The chunks that differ from what was written, in the order of their rows; those of curvatures are last. */
  readonly damaged: readonly DamagedChunk[]
}

/**
 * Reads all of a store of gradients. Checks its metadata, and that each chunk is the one that was written at its place.
 *
 * @throws StoreError if there is no store, its metadata or its table of checksums are damaged, or it cannot be reached;
 *   or the signal's reason
 */
export async function verifyGradientStore(
  store: ByteStore,
  { signal, onProgress }: CallOptions = {},
): Promise<StoreVerification> {
  checkSignal(signal)
  signal?.throwIfAborted()
  const description = await describeStore(store, { signal, maxByteLength: Infinity })
  if (description === undefined) {
    throw new StoreError(
      'missing',
      `No store of gradients was found: ${store.locate?.('zarr.json') ?? 'zarr.json'} is missing. Check its address.`,
    )
  }
  const { header } = description
  const { rowCount: totalRowCount, rowsWritten: rowCount, rowsPerChunk, isInRanges } = header
  const rows = { start: 0, end: rowCount }
  const damaged = await findDamagedChunks(store, description, rows, signal, (row) => {
    onProgress?.({ phase: 'verify', done: row, total: rowCount })
  })
  const factors = await verifyCurvatures(store, header.identity, signal)
  return {
    ...{ totalRowCount, rowCount, isInRanges },
    curvatures: factors.names,
    chunkCount: Math.ceil(rowCount / rowsPerChunk) * listArrays(header).length + factors.chunkCount,
    damaged: [...damaged, ...factors.damaged],
  }
}

import { getFloat16ByteLength, countNumbers } from '../../gradients/compact-layout.js'
import { InvalidArgumentError } from '../../errors.js'
import type { StoredFloat, StoredSegment } from '../zarr/format/store-arrays.js'
import { bytesPerFloat32, bytesPerNorm } from '../../gradients/numbers/byte-sizes.js'

/** How much of a store is in memory at once. */
export interface StreamLimits {
  /** In the page and its workers, in bytes. */
  readonly maxBytes: number
  /** On the GPU, in bytes. */
  readonly maxGpuBytes: number
}

/** How a store is streamed within the limits. */
export interface StreamPlan {
  /** Chunks that are being read at once, or wait for their turn. */
  readonly chunksAhead: number
  /** What one of them takes meanwhile, in bytes. */
  readonly chunkByteLength: number
  /** Rows that go to the device at once. */
  readonly rowsPerTile: number
  /** What a row takes there, in bytes. */
  readonly heldRowByteLength: number
  /** What may lie there, in bytes. */
  readonly maxHeldBytes: number
}

interface Streamed {
  readonly rowsPerChunk: number
  readonly dtype: StoredFloat
  readonly segments: readonly StoredSegment[]
}

/** Where the tiles go. */
export interface StreamTarget {
  /** On a GPU, or in the memory of the page and its workers. */
  readonly isOnGpu: boolean
  /** Whether float16 takes no more than that there. */
  readonly keepsFloat16: boolean
}

/**
 * @throws InvalidArgumentError if not even one chunk fits
 */
export function planStream(
  { rowsPerChunk, dtype, segments }: Streamed,
  { maxBytes, maxGpuBytes }: StreamLimits,
  { isOnGpu, keepsFloat16 }: StreamTarget,
): StreamPlan {
  const numbers = segments.reduce((sum, segment) => sum + countNumbers(segment), 0)
  const floatRowByteLength = numbers * bytesPerFloat32 + bytesPerNorm
  const storedRowByteLength =
    dtype === 'float16' ? getFloat16ByteLength(segments) : floatRowByteLength
  const heldRowByteLength = keepsFloat16 ? storedRowByteLength : floatRowByteLength
  const chunkStoredBytes = rowsPerChunk * storedRowByteLength
  const chunkByteLength = copiesOfBytes * chunkStoredBytes
  const maxHeldBytes = isOnGpu ? maxGpuBytes : Math.floor(maxBytes / 2)
  const maxReadBytes = isOnGpu ? maxBytes : maxBytes - maxHeldBytes
  const share = isOnGpu ? 1 : 2
  atLeast('maxBytes', maxBytes, share * chunkByteLength, 'a chunk of the store')
  atLeast(isOnGpu ? 'maxGpuBytes' : 'maxBytes', maxHeldBytes, heldRowByteLength, 'one row')
  // A whole chunk changes hands as it is; its parts would be copied.
  const chunkHeldBytes = rowsPerChunk * heldRowByteLength
  const isWhole = !isOnGpu && chunksAtOnce * chunkHeldBytes <= maxHeldBytes
  const tileBytes = isWhole ? chunkHeldBytes : Math.min(maxTileBytes, maxHeldBytes / tilesAtOnce)
  return {
    chunksAhead: Math.min(
      Math.max(leastChunksAhead, Math.ceil(bytesAhead / chunkStoredBytes)),
      maxChunksAhead,
      Math.floor(maxReadBytes / chunkByteLength),
    ),
    chunkByteLength,
    rowsPerTile: Math.max(1, Math.min(rowsPerChunk, Math.floor(tileBytes / heldRowByteLength))),
    heldRowByteLength,
    maxHeldBytes,
  }
}

function atLeast(argument: string, value: number, least: number, what: string): void {
  if (value >= least) return
  throw new InvalidArgumentError(
    argument,
    String(value),
    `${least} bytes or more: ${what} takes as much on its way`,
  )
}

/** Bytes from a server are there twice while they are handed over: what came, and what the caller gets. */
const copiesOfBytes = 2

/** Enough to hide the way to a server: what comes at 2.5 Gbit/s in a tenth of a second. */
const bytesAhead = 32 * 2 ** 20

/** Of chunks so large that one of them is more than that. */
const leastChunksAhead = 2

const maxChunksAhead = 6

/** Two for each worker of a pool of eight keep all of them busy; a GPU needs fewer. */
const tilesAtOnce = 16

/** Two for each of two workers, so that both are busy. */
const chunksAtOnce = 4

/** What keeps a device busy for longer than it takes to be told so. */
const maxTileBytes = 8 * 2 ** 20

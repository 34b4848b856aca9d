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
  /** Chunks that are read at once or wait. */
  readonly chunksAhead: number
  /** The memory that one of them needs, in bytes. */
  readonly chunkByteLength: number
  /** Rows that are uploaded at once. */
  readonly rowsPerTile: number
  /** The size of a row on the device, in bytes. */
  readonly heldRowByteLength: number
  /** The limit of bytes on the device. */
  readonly maxHeldBytes: number
}

interface Streamed {
  readonly rowsPerChunk: number
  readonly dtype: StoredFloat
  readonly segments: readonly StoredSegment[]
}

/** Where the tiles go. */
export interface StreamTarget {
  /** True for a GPU; false for the memory of the page and its workers. */
  readonly isOnGpu: boolean
  /** True if float16 numbers stay float16 on the device. */
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
  checkAtLeast('maxBytes', maxBytes, share * chunkByteLength, 'a chunk of the store')
  checkAtLeast(isOnGpu ? 'maxGpuBytes' : 'maxBytes', maxHeldBytes, heldRowByteLength, 'one row')
  // A whole chunk can be transferred; parts of it would be copied.
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

function checkAtLeast(argument: string, value: number, least: number, what: string): void {
  if (value >= least) return
  throw new InvalidArgumentError(
    argument,
    String(value),
    `${least} bytes or more, which ${what} needs while it is read`,
  )
}

/** Bytes from a server exist twice for a moment: as received and as returned. */
const copiesOfBytes = 2

/** Enough to hide the latency of a server: what arrives at 2.5 Gbit/s in a tenth of a second. */
const bytesAhead = 32 * 2 ** 20

/** For chunks larger than that. */
const leastChunksAhead = 2

const maxChunksAhead = 6

/** Two per worker keep a pool of eight busy; a GPU needs fewer. */
const tilesAtOnce = 16

/** Two for each of two workers keep both busy. */
const chunksAtOnce = 4

/** Enough work to keep a device busy for longer than a call takes. */
const maxTileBytes = 8 * 2 ** 20

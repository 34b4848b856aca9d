import type { CompactBlock } from '../../gradients/block.js'
import type { GradientBackend, DeviceGradients } from '../../compute/gradient-backend.js'
import type { Float16Block } from '../../gradients/float16-block.js'
import type { GradientReader } from '../zarr/reading/gradient-reader.js'
import { sliceBlock } from '../../gradients/slice-block.js'
import { BufferPool } from './buffer-pool.js'
import { readAhead } from './read-ahead.js'
import type { StreamPlan } from './stream-limits.js'

/** The gradients of the rows from `start` to `end` − 1, on the device. */
export interface Tile {
  readonly gradients: DeviceGradients
  readonly start: number
  readonly end: number
}

interface TileInUse {
  readonly gradients: DeviceGradients
  /** Resolves when the tile is released; set once the tile was used. */
  done: Promise<void> | undefined
}

/**
 * Uploads all rows of a store to the device, tile by tile. While one tile is used the next ones are read, within the
 * limits of the plan.
 */
export class GradientStream {
  readonly #reader: GradientReader
  readonly #backend: GradientBackend
  readonly #plan: StreamPlan
  readonly #inUse = new Set<TileInUse>()
  readonly #buffers: BufferPool
  #failure: { readonly error: unknown } | undefined
  #readBytes = 0
  #uploadedBytes = 0
  #peakReadBytes = 0
  #peakUploadedBytes = 0

  constructor(reader: GradientReader, backend: GradientBackend, plan: StreamPlan) {
    this.#reader = reader
    this.#backend = backend
    this.#plan = plan
    this.#buffers = new BufferPool(plan.chunkByteLength)
  }

  /** The largest number of bytes that were read or waited at any time. */
  get peakReadBytes(): number {
    return this.#peakReadBytes
  }

  /** The largest number of bytes on the device at any time. */
  get peakHeldBytes(): number {
    return this.#peakUploadedBytes
  }

  /** Yields all tiles, once. A tile is released when the work that uses it has ended; start that before the next tile. */
  async *tiles(signal: AbortSignal | undefined): AsyncGenerator<Tile> {
    const { rowCount, rowsPerChunk } = this.#reader
    const { chunksAhead, chunkByteLength, rowsPerTile } = this.#plan
    const chunkCount = Math.ceil(rowCount / rowsPerChunk)
    const read = (chunk: number, reading: AbortSignal): Promise<CompactBlock | Float16Block> => {
      const start = chunk * rowsPerChunk
      this.#readBytes += chunkByteLength
      this.#peakReadBytes = Math.max(this.#peakReadBytes, this.#readBytes)
      const end = Math.min(start + rowsPerChunk, rowCount)
      return this.#reader.readStored(start, end, { signal: reading, buffers: this.#buffers })
    }
    try {
      let start = 0
      for await (const block of readAhead(chunkCount, chunksAhead, read, signal)) {
        for (let row = 0; row < block.exampleCount; row += rowsPerTile) {
          const end = Math.min(row + rowsPerTile, block.exampleCount)
          const tile = await this.#upload(sliceBlock(block, row, end))
          yield { gradients: tile.gradients, start: start + row, end: start + end }
          tile.done = this.#release(tile)
          tile.done.catch((error: unknown) => {
            this.#failure ??= { error }
          })
        }
        start += block.exampleCount
        this.#readBytes -= chunkByteLength
      }
    } finally {
      await Promise.allSettled(Array.from(this.#inUse, (tile) => tile.done ?? this.#release(tile)))
      this.#buffers[Symbol.dispose]()
    }
  }

  /** Uploads rows as soon as there is room for them. */
  async #upload(block: CompactBlock | Float16Block): Promise<TileInUse> {
    const { heldRowByteLength, maxHeldBytes } = this.#plan
    const byteLength = block.exampleCount * heldRowByteLength
    if (this.#failure !== undefined) throw this.#failure.error
    while (this.#inUse.size > 0 && this.#uploadedBytes + byteLength > maxHeldBytes) {
      const [oldest] = this.#inUse
      await oldest!.done
    }
    const tile: TileInUse = { gradients: await this.#backend.upload(block), done: undefined }
    this.#inUse.add(tile)
    this.#uploadedBytes += tile.gradients.byteLength
    this.#peakUploadedBytes = Math.max(this.#peakUploadedBytes, this.#uploadedBytes)
    return tile
  }

  /** Releases a tile after the work that uses it. Devices work in order, so this waits for one more result. */
  async #release(tile: TileInUse): Promise<void> {
    const { gradients } = tile
    try {
      await gradients.squaredNorms()
    } finally {
      this.#inUse.delete(tile)
      this.#uploadedBytes -= gradients.byteLength
      gradients[Symbol.dispose]()
    }
  }
}

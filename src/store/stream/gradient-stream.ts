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
  /** Resolves when the tile was let go; known once it was worked with. */
  done: Promise<void> | undefined
}

/**
 * All rows of a store, tile by tile, in a ring of tiles on the device: while one is worked on, the next ones are on
 * their way, as far as the plan's limits allow.
 */
export class GradientStream {
  readonly #reader: GradientReader
  readonly #backend: GradientBackend
  readonly #plan: StreamPlan
  readonly #inUse = new Set<TileInUse>()
  readonly #buffers: BufferPool
  #failure: { readonly error: unknown } | undefined
  #readBytes = 0
  #heldBytes = 0
  #peakReadBytes = 0
  #peakHeldBytes = 0

  constructor(reader: GradientReader, backend: GradientBackend, plan: StreamPlan) {
    this.#reader = reader
    this.#backend = backend
    this.#plan = plan
    this.#buffers = new BufferPool(plan.chunkByteLength)
  }

  /** The most that was being read, and waited for its turn, at any time, in bytes. */
  get peakReadBytes(): number {
    return this.#peakReadBytes
  }

  /** The most that lay on the device at any time, in bytes. */
  get peakHeldBytes(): number {
    return this.#peakHeldBytes
  }

  /** A tile is let go once all is done that it was used for before the next one was asked for. Once only. */
  async *tiles(signal: AbortSignal | undefined): AsyncGenerator<Tile> {
    const { rowCount, rowsPerChunk } = this.#reader
    const { chunksAhead, chunkByteLength, rowsPerTile } = this.#plan
    const chunkCount = Math.ceil(rowCount / rowsPerChunk)
    const read = (chunk: number, reading: AbortSignal): Promise<CompactBlock | Float16Block> => {
      const start = chunk * rowsPerChunk
      this.#readBytes += chunkByteLength
      this.#peakReadBytes = Math.max(this.#peakReadBytes, this.#readBytes)
      const end = Math.min(start + rowsPerChunk, rowCount)
      return this.#reader.stored(start, end, { signal: reading, buffers: this.#buffers })
    }
    try {
      let start = 0
      for await (const block of readAhead(chunkCount, chunksAhead, read, signal)) {
        for (let row = 0; row < block.exampleCount; row += rowsPerTile) {
          const end = Math.min(row + rowsPerTile, block.exampleCount)
          const tile = await this.#upload(sliceBlock(block, row, end))
          yield { gradients: tile.gradients, start: start + row, end: start + end }
          tile.done = this.#letGo(tile)
          tile.done.catch((error: unknown) => {
            this.#failure ??= { error }
          })
        }
        start += block.exampleCount
        this.#readBytes -= chunkByteLength
      }
    } finally {
      await Promise.allSettled(Array.from(this.#inUse, (tile) => tile.done ?? this.#letGo(tile)))
      this.#buffers[Symbol.dispose]()
    }
  }

  /** Takes the rows to the device as soon as there is room for them. */
  async #upload(block: CompactBlock | Float16Block): Promise<TileInUse> {
    const { heldRowByteLength, maxHeldBytes } = this.#plan
    const byteLength = block.exampleCount * heldRowByteLength
    if (this.#failure !== undefined) throw this.#failure.error
    while (this.#inUse.size > 0 && this.#heldBytes + byteLength > maxHeldBytes) {
      const [oldest] = this.#inUse
      await oldest!.done
    }
    const tile: TileInUse = { gradients: await this.#backend.upload(block), done: undefined }
    this.#inUse.add(tile)
    this.#heldBytes += tile.gradients.byteLength
    this.#peakHeldBytes = Math.max(this.#peakHeldBytes, this.#heldBytes)
    return tile
  }

  /** Once all is done that the tile was used for: devices do first what they were asked first. */
  async #letGo(tile: TileInUse): Promise<void> {
    const { gradients } = tile
    try {
      await gradients.squaredNorms()
    } finally {
      this.#inUse.delete(tile)
      this.#heldBytes -= gradients.byteLength
      gradients[Symbol.dispose]()
    }
  }
}

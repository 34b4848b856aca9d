import type { CompactBlock } from '../../compute/compact.js'
import type { Compute, HeldGradients } from '../../compute/compute.js'
import type { HalfBlock } from '../../compute/half-block.js'
import type { GradientReader } from '../zarr/gradient-reader.js'
import { blockRows } from './block-rows.js'
import { readAhead } from './read-ahead.js'
import type { StreamPlan } from './stream-limits.js'

/** The gradients of the rows from `start` to `end` − 1, on the device. */
export interface Tile {
  readonly gradients: HeldGradients
  readonly start: number
  readonly end: number
}

interface TileInUse {
  readonly gradients: HeldGradients
  /** Known once the tile was worked with; devices do first what they were asked first. */
  done: Promise<unknown> | undefined
}

/**
 * All rows of a store, tile by tile, in a ring of tiles on the device: while one is worked on, the next ones are on
 * their way, as far as the plan's limits allow.
 */
export class GradientStream {
  readonly #reader: GradientReader
  readonly #compute: Compute
  readonly #plan: StreamPlan
  readonly #inUse: TileInUse[] = []
  #readBytes = 0
  #heldBytes = 0
  #peakReadBytes = 0
  #peakHeldBytes = 0

  constructor(reader: GradientReader, compute: Compute, plan: StreamPlan) {
    this.#reader = reader
    this.#compute = compute
    this.#plan = plan
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
    const read = (chunk: number, reading: AbortSignal): Promise<CompactBlock | HalfBlock> => {
      const start = chunk * rowsPerChunk
      this.#readBytes += chunkByteLength
      this.#peakReadBytes = Math.max(this.#peakReadBytes, this.#readBytes)
      const end = Math.min(start + rowsPerChunk, rowCount)
      return this.#reader.stored(start, end, { signal: reading })
    }
    try {
      let start = 0
      for await (const block of readAhead(chunkCount, chunksAhead, read, signal)) {
        for (let row = 0; row < block.rowCount; row += rowsPerTile) {
          const end = Math.min(row + rowsPerTile, block.rowCount)
          const tile = await this.#hold(blockRows(block, row, end))
          yield { gradients: tile.gradients, start: start + row, end: start + end }
          tile.done = tile.gradients.squaredNorms()
          tile.done.catch(() => undefined)
        }
        start += block.rowCount
        this.#readBytes -= chunkByteLength
      }
    } finally {
      while (this.#inUse.length > 0) await this.#letOldestGo().catch(() => undefined)
    }
  }

  /** Takes the rows to the device as soon as there is room for them. */
  async #hold(block: CompactBlock | HalfBlock): Promise<TileInUse> {
    const { heldRowByteLength, maxHeldBytes } = this.#plan
    const byteLength = block.rowCount * heldRowByteLength
    while (this.#inUse.length > 0 && this.#heldBytes + byteLength > maxHeldBytes) {
      await this.#letOldestGo()
    }
    const tile: TileInUse = { gradients: await this.#compute.hold(block), done: undefined }
    this.#inUse.push(tile)
    this.#heldBytes += tile.gradients.byteLength
    this.#peakHeldBytes = Math.max(this.#peakHeldBytes, this.#heldBytes)
    return tile
  }

  async #letOldestGo(): Promise<void> {
    const { gradients, done } = this.#inUse.shift()!
    try {
      await done
    } finally {
      gradients[Symbol.dispose]()
      this.#heldBytes -= gradients.byteLength
    }
  }
}

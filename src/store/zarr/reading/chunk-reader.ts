import type { Array as ZarrArray } from 'zarrita'
import { StoreError } from '../../../errors.js'
import type { TypedArray } from '../../../ndarray.js'
import type { ByteStore } from '../../bytes/byte-store.js'
import type { BufferPool } from '../../stream/buffer-pool.js'
import {
  type ChunkGrid,
  countChunkBytes,
  crcByteLength,
  type RowCounts,
} from '../format/array-metadata.js'
import { elementTypes, type StoredArray } from '../format/store-arrays.js'
import { formatCrc, registerCheckedCodecs } from './checked-codec.js'
import { type ChunkRequest, createReadable, createZarrMetadata } from './zarr-array.js'

export interface ChunkReadOptions {
  readonly signal?: AbortSignal | undefined
  /** Whether all chunks of the store are read, one after the other. */
  readonly isScan?: boolean
  /** Bypasses caches. */
  readonly reload?: boolean | undefined
  /** Provides memory for the bytes. */
  readonly buffers?: BufferPool | undefined
}

export interface ChunkReaderOptions {
  /** The checksum that a chunk must have; without it a chunk is only checked against its own. */
  readonly getChecksum?: ((chunk: number) => number | undefined) | undefined
  /** How many bytes a scan of the store reads. */
  readonly scanByteLength?: number
}

/** Reads the chunks of one array and checks each of them. */
export class ChunkReader {
  readonly #open: () => ZarrArray<'float32'>
  readonly #array: StoredArray
  readonly #byteLength: number
  readonly #options: ChunkReaderOptions
  #zarr: ZarrArray<'float32'>

  static async open(
    store: ByteStore,
    array: StoredArray,
    rows: RowCounts,
    grid: ChunkGrid,
    options: ChunkReaderOptions = {},
  ): Promise<ChunkReader> {
    const zarrita = await import('zarrita')
    registerCheckedCodecs(zarrita.registry)
    if (grid.rowsPerShard !== null && store.getRange === undefined) {
      throw new StoreError(
        'unsupported',
        `array ${array.name} of the store is in shards, which needs a store with getRange.`,
        { array: array.name },
      )
    }
    const metadata = createZarrMetadata(array, rows, grid)
    const byteLength = countChunkBytes(array, rows)
    const readable = createReadable(store, byteLength)
    const open = (): ZarrArray<'float32'> => new zarrita.Array(readable, `/${array.name}`, metadata)
    return new ChunkReader(open, array, byteLength, options)
  }

  private constructor(
    open: () => ZarrArray<'float32'>,
    array: StoredArray,
    byteLength: number,
    options: ChunkReaderOptions,
  ) {
    this.#open = open
    this.#array = array
    this.#byteLength = byteLength
    this.#options = options
    this.#zarr = open()
  }

  /**
   * The numbers of a chunk, in memory that the caller owns. A damaged chunk is read once more, without caches.
   *
   * @throws StoreError with array and chunk
   */
  async read(
    chunk: number,
    { signal, isScan = false, reload = false, buffers }: ChunkReadOptions,
  ): Promise<TypedArray> {
    const scanByteLength = isScan ? (this.#options.scanByteLength ?? 0) : 0
    const createRequest = (reload: boolean): ChunkRequest => ({
      ...(signal === undefined ? {} : { signal }),
      scanByteLength,
      buffer: buffers?.take(this.#byteLength),
      reload,
      checksum: undefined,
    })
    try {
      return await this.#read(chunk, createRequest(reload))
    } catch (error) {
      signal?.throwIfAborted()
      if (reload || !isDamage(error)) throw this.#createError(chunk, error)
    }
    // zarrita keeps the index of each shard, which may be the damaged part.
    this.#zarr = this.#open()
    try {
      return await this.#read(chunk, createRequest(true))
    } catch (error) {
      signal?.throwIfAborted()
      throw this.#createError(chunk, error)
    }
  }

  async #read(chunk: number, request: ChunkRequest): Promise<TypedArray> {
    const { type, rowShape } = this.#array
    const { data } = await this.#zarr.getChunk([chunk, ...rowShape.map(() => 0)], request)
    // zarrita fills missing chunks without an error.
    if (request.checksum === undefined) throw new StoreError('missing', 'it does not exist')
    const expected = this.#options.getChecksum?.(chunk)
    if (expected !== undefined && request.checksum !== expected) {
      throw new StoreError(
        'damaged',
        `it has the checksum ${formatCrc(request.checksum)}; expected ${formatCrc(expected)}. It belongs to another ` +
          'place or another version of the store: copy the whole store again',
      )
    }
    const { view, byteLength } = elementTypes[type]
    const length = (this.#byteLength - crcByteLength) / byteLength
    return view(data.buffer as ArrayBuffer, data.byteOffset, length)
  }

  #createError(chunk: number, error: unknown): StoreError {
    const array = this.#array.name
    const cause = unwrapCause(error)
    const reason = cause instanceof Error ? cause.message : String(cause)
    const { failure = 'unreachable', status } = cause instanceof StoreError ? cause : {}
    return new StoreError(
      failure,
      `array ${array}, chunk ${chunk} of the store cannot be read: ${reason.replace(/\.$/, '')}.`,
      { array, chunk, status, cause },
    )
  }
}

/** zarrita wraps the errors of codecs. */
const unwrapCause = (error: unknown): unknown =>
  error instanceof Error && !(error instanceof StoreError) && error.cause instanceof StoreError
    ? error.cause
    : error

function isDamage(error: unknown): boolean {
  const cause = unwrapCause(error)
  return cause instanceof StoreError && cause.failure === 'damaged'
}

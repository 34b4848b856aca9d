import type { ArrayMetadata, Array as ZarrArray, CodecMetadata, Readable } from 'zarrita'
import { StoreError } from '../../../errors.js'
import type { TypedArray } from '../../../ndarray.js'
import type { ByteStore } from '../../bytes/byte-store.js'
import type { BufferPool } from '../../stream/buffer-pool.js'
import {
  type ChunkGrid,
  chunkShape,
  crcByteLength,
  encodedChunkByteLength,
} from '../format/array-metadata.js'
import { registerCheckedCodecs, checkedCrc32c } from './checked-codec.js'
import { elementTypes, type StoredArray } from '../format/store-arrays.js'
import { headerRowByteLength, type StoreHeader } from '../format/store-header.js'

/** A read of one chunk, on its way through zarrita. */
interface ChunkRequest {
  readonly signal?: AbortSignal
  readonly scanByteLength: number
  readonly buffer: ArrayBuffer | undefined
  readonly reload: boolean
  /** Set once bytes of the chunk came: what is missing, zarrita fills up without a word. */
  isFound: boolean
}

export interface ChunkReadOptions {
  readonly signal?: AbortSignal | undefined
  /** Whether all of the store's chunks are read, one after the other. */
  readonly isScan?: boolean
  /** Where room for the bytes may come from. */
  readonly buffers?: BufferPool | undefined
}

/** The chunks of one array, each checked. */
export class ChunkReader {
  readonly #open: () => ZarrArray<'float32'>
  readonly #array: StoredArray
  readonly #byteLength: number
  readonly #storeByteLength: number
  #zarr: ZarrArray<'float32'>

  static async open(
    store: ByteStore,
    array: StoredArray,
    header: StoreHeader,
    grid: ChunkGrid,
  ): Promise<ChunkReader> {
    const zarrita = await import('zarrita')
    registerCheckedCodecs(zarrita.registry)
    if (grid.rowsPerShard !== null && store.getRange === undefined) {
      throw new StoreError(
        'unsupported',
        `array ${array.name} of the store lies in shards, which takes a store with getRange.`,
        { array: array.name },
      )
    }
    const metadata = zarrMetadata(array, header, grid)
    const readable = checkedReadable(store, array, header)
    const open = (): ZarrArray<'float32'> => new zarrita.Array(readable, `/${array.name}`, metadata)
    return new ChunkReader(open, array, header)
  }

  private constructor(open: () => ZarrArray<'float32'>, array: StoredArray, header: StoreHeader) {
    this.#open = open
    this.#array = array
    this.#byteLength = encodedChunkByteLength(array, header) - crcByteLength
    this.#storeByteLength = header.rowCount * headerRowByteLength(header)
    this.#zarr = open()
  }

  /**
   * A chunk's numbers, which are the caller's. One that is damaged is read once more, past all caches.
   *
   * @throws StoreError with array and chunk
   */
  async read(
    chunk: number,
    { signal, isScan = false, buffers }: ChunkReadOptions,
  ): Promise<TypedArray> {
    const scanByteLength = isScan ? this.#storeByteLength : 0
    const request = (reload: boolean): ChunkRequest => ({
      ...(signal === undefined ? {} : { signal }),
      scanByteLength,
      buffer: buffers?.take(this.#byteLength + crcByteLength),
      reload,
      isFound: false,
    })
    try {
      return await this.#read(chunk, request(false))
    } catch (error) {
      signal?.throwIfAborted()
      if (!isDamage(error)) throw this.#named(chunk, error)
    }
    // It keeps the index of each shard, which may be what was damaged.
    this.#zarr = this.#open()
    try {
      return await this.#read(chunk, request(true))
    } catch (error) {
      signal?.throwIfAborted()
      throw this.#named(chunk, error)
    }
  }

  async #read(chunk: number, request: ChunkRequest): Promise<TypedArray> {
    const { type, rowShape } = this.#array
    const { data } = await this.#zarr.getChunk([chunk, ...rowShape.map(() => 0)], request)
    if (!request.isFound) throw new StoreError('missing', 'it is not there')
    const { view, byteLength } = elementTypes[type]
    return view(data.buffer as ArrayBuffer, data.byteOffset, this.#byteLength / byteLength)
  }

  #named(chunk: number, error: unknown): StoreError {
    const array = this.#array.name
    const cause = causeOf(error)
    const reason = cause instanceof Error ? cause.message : String(cause)
    const { failure = 'unreachable', status } = cause instanceof StoreError ? cause : {}
    return new StoreError(
      failure,
      `array ${array}, chunk ${chunk} of the store cannot be read: ${reason.replace(/\.$/, '')}.`,
      { array, chunk, status, cause },
    )
  }
}

/** zarrita wraps what a codec throws. */
const causeOf = (error: unknown): unknown =>
  error instanceof Error && !(error instanceof StoreError) && error.cause instanceof StoreError
    ? error.cause
    : error

function isDamage(error: unknown): boolean {
  const cause = causeOf(error)
  return cause instanceof StoreError && cause.failure === 'damaged'
}

/**
 * Metadata for zarrita, made from what was checked and nothing else. Its own crc32c checks nothing, and its float16
 * needs a Float16Array, which Node 20 has not: the bits do.
 */
function zarrMetadata(
  array: StoredArray,
  header: StoreHeader,
  { separator, rowsPerShard }: ChunkGrid,
): ArrayMetadata<'float32'> {
  const { rowCount } = header
  const chunk = chunkShape(array, header)
  const bytes = { name: 'bytes', configuration: { endian: 'little' } }
  const codecs: CodecMetadata[] = [bytes, { name: checkedCrc32c, configuration: {} }]
  const shards: CodecMetadata = {
    name: 'sharding_indexed',
    configuration: { chunk_shape: chunk, codecs, index_codecs: codecs },
  }
  return {
    zarr_format: 3,
    node_type: 'array',
    shape: [rowCount, ...array.rowShape],
    // Which type it is, only the view of the bytes tells; the types of the codec pipeline are one for all.
    data_type: (array.type === 'float16' ? 'uint16' : array.type) as 'float32',
    chunk_grid: {
      name: 'regular',
      configuration: { chunk_shape: [rowsPerShard ?? header.rowsPerChunk, ...array.rowShape] },
    },
    chunk_key_encoding: { name: 'default', configuration: { separator } },
    codecs: rowsPerShard === null ? codecs : [shards],
    fill_value: 0,
    attributes: {},
  }
}

/** The store as zarrita reads it: a chunk comes with the length that it must have, or not at all. */
function checkedReadable(store: ByteStore, array: StoredArray, header: StoreHeader): Readable {
  const byteLength = encodedChunkByteLength(array, header)
  const found = (
    bytes: Uint8Array<ArrayBuffer> | undefined,
    request: ChunkRequest,
  ): Uint8Array<ArrayBuffer> => {
    if (bytes === undefined) throw new StoreError('missing', 'it is not there')
    request.isFound = true
    return checkedLength(bytes, byteLength)
  }
  return {
    async get(key, options) {
      const request = options as ChunkRequest
      const { signal, reload, scanByteLength, buffer } = request
      const limits = { signal, reload, scanByteLength, buffer, maxByteLength: byteLength }
      const bytes = await store.get(key.slice(1), limits)
      return found(bytes, request)
    },
    async getRange(key, range, options) {
      const request = options as ChunkRequest
      const { signal, reload, scanByteLength, buffer } = request
      if ('suffixLength' in range) {
        // The index of a shard: others may wait for it too, so that this reader's abort must not end it.
        const limits = { reload, maxByteLength: range.suffixLength }
        const index = await store.getRange!(key.slice(1), range, limits)
        return index === undefined ? undefined : checkedLength(index, range.suffixLength)
      }
      if (range.length !== byteLength || !Number.isSafeInteger(range.offset)) {
        throw new StoreError(
          'damaged',
          `the shard's index gives it ${range.length} bytes from ${range.offset}; expected ` +
            String(byteLength),
        )
      }
      const limits = { signal, reload, scanByteLength, buffer, maxByteLength: byteLength }
      return found(await store.getRange!(key.slice(1), range, limits), request)
    },
  }
}

function checkedLength(bytes: Uint8Array<ArrayBuffer>, expected: number): Uint8Array<ArrayBuffer> {
  if (bytes.length === expected) return bytes
  throw new StoreError('damaged', `got ${bytes.length} bytes; expected ${expected}`)
}

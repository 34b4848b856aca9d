import type { ArrayMetadata, CodecMetadata, Readable } from 'zarrita'
import { StoreError } from '../../../errors.js'
import type { ByteStore } from '../../bytes/byte-store.js'
import {
  type ChunkGrid,
  getChunkShape,
  readChecksum,
  type RowCounts,
} from '../format/array-metadata.js'
import type { StoredArray } from '../format/store-arrays.js'
import { checkedCrc32c } from './checked-codec.js'

/** A read of one chunk, passed through zarrita to the store. */
export interface ChunkRequest {
  readonly signal?: AbortSignal
  readonly scanByteLength: number
  readonly buffer: ArrayBuffer | undefined
  readonly reload: boolean
  /** The checksum at the end of the chunk, once the chunk has been found. */
  checksum: number | undefined
}

/**
 * Metadata for zarrita, made from checked values only. zarrita's own crc32c checks nothing, and its float16 needs a
 * Float16Array, which Node 20 doesn't have: so float16 is read as its bits.
 */
export function createZarrMetadata(
  array: StoredArray,
  rows: RowCounts,
  { separator, rowsPerShard }: ChunkGrid,
): ArrayMetadata<'float32'> {
  const chunk = getChunkShape(array, rows)
  const bytes = { name: 'bytes', configuration: { endian: 'little' } }
  const codecs: CodecMetadata[] = [bytes, { name: checkedCrc32c, configuration: {} }]
  const shards: CodecMetadata = {
    name: 'sharding_indexed',
    configuration: { chunk_shape: chunk, codecs, index_codecs: codecs },
  }
  return {
    zarr_format: 3,
    node_type: 'array',
    shape: [rows.rowCount, ...array.rowShape],
    // One type for the compiler: the numbers are read from the bytes by their true type.
    data_type: (array.type === 'float16' ? 'uint16' : array.type) as 'float32',
    chunk_grid: {
      name: 'regular',
      configuration: { chunk_shape: [rowsPerShard ?? rows.rowsPerChunk, ...array.rowShape] },
    },
    chunk_key_encoding: { name: 'default', configuration: { separator } },
    codecs: rowsPerShard === null ? codecs : [shards],
    fill_value: 0,
    attributes: {},
  }
}

/** The store as zarrita reads it. Chunks of another length than `byteLength` are refused. */
export function createReadable(store: ByteStore, byteLength: number): Readable {
  const checkChunk = (
    bytes: Uint8Array<ArrayBuffer> | undefined,
    request: ChunkRequest,
  ): Uint8Array<ArrayBuffer> => {
    if (bytes === undefined) throw new StoreError('missing', 'it does not exist')
    checkLength(bytes, byteLength)
    request.checksum = readChecksum(bytes)
    return bytes
  }
  return {
    async get(key, options) {
      const request = options as ChunkRequest
      const { signal, reload, scanByteLength, buffer } = request
      const limits = { signal, reload, scanByteLength, buffer, maxByteLength: byteLength }
      return checkChunk(await store.get(key.slice(1), limits), request)
    },
    async getRange(key, range, options) {
      const request = options as ChunkRequest
      const { signal, reload, scanByteLength, buffer } = request
      if ('suffixLength' in range) {
        // The index of a shard. Other reads may wait for it too, so this one's abort must not end it.
        const limits = { reload, maxByteLength: range.suffixLength }
        const index = await store.getRange!(key.slice(1), range, limits)
        return index === undefined ? undefined : checkLength(index, range.suffixLength)
      }
      if (range.length !== byteLength || !Number.isSafeInteger(range.offset)) {
        throw new StoreError(
          'damaged',
          `the index of its shard says ${range.length} bytes from ${range.offset}; expected ${byteLength}`,
        )
      }
      const limits = { signal, reload, scanByteLength, buffer, maxByteLength: byteLength }
      return checkChunk(await store.getRange!(key.slice(1), range, limits), request)
    },
  }
}

function checkLength(bytes: Uint8Array<ArrayBuffer>, expected: number): Uint8Array<ArrayBuffer> {
  if (bytes.length === expected) return bytes
  throw new StoreError('damaged', `got ${bytes.length} bytes; expected ${expected}`)
}

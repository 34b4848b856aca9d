import { StoreError } from '../../../errors.js'
import type { ByteStore } from '../../bytes/byte-store.js'
import { metadataKey, parseArrayMetadata } from '../format/array-metadata.js'
import { ChunkReader } from './chunk-reader.js'
import { GradientReader } from './gradient-reader.js'
import type { StoredArray } from '../format/store-arrays.js'
import {
  headerRowByteLength,
  parseHeader,
  rootKey,
  storeArrays,
  type StoreHeader,
} from '../format/store-header.js'
import { loadNumberKernels } from '../../../gradients/numbers/number-kernels.js'

export interface StoreOpenOptions {
  readonly signal?: AbortSignal | undefined
  /** What a read may take in memory, in bytes; 512 MiB if left out. A store whose chunks take more is refused. */
  readonly maxByteLength?: number | undefined
}

/** The arrays of a store, as its header has them, and what reads their chunks. */
export interface OpenArrays {
  readonly arrays: readonly StoredArray[]
  readonly chunks: readonly ChunkReader[]
}

/** The store's header; undefined if there is no store yet. */
export async function readHeader(
  store: ByteStore,
  signal?: AbortSignal,
): Promise<StoreHeader | undefined> {
  const bytes = await readMetadata(store, rootKey, signal)
  return bytes === undefined ? undefined : parseHeader(bytes)
}

/**
 * The store's reader; undefined if there is no store.
 *
 * @throws StoreError if its metadata are not what they must be
 */
export async function openReader(
  store: ByteStore,
  { signal, maxByteLength = defaultMaxByteLength }: StoreOpenOptions = {},
): Promise<GradientReader | undefined> {
  const header = await readHeader(store, signal)
  return header === undefined ? undefined : readerOf(store, header, { signal, maxByteLength })
}

/** A reader of the rows of which the header tells. */
export async function readerOf(
  store: ByteStore,
  header: StoreHeader,
  { signal, maxByteLength = defaultMaxByteLength }: StoreOpenOptions = {},
): Promise<GradientReader> {
  const byteLength = header.rowsPerChunk * headerRowByteLength(header)
  if (byteLength > maxByteLength) {
    throw new StoreError(
      'damaged',
      `The store's chunks of ${header.rowsPerChunk} rows take ${byteLength} bytes; expected no more ` +
        `than ${maxByteLength}. If that is right, raise maxByteLength.`,
    )
  }
  const { arrays, chunks } = await openArrays(store, header, signal)
  return new GradientReader(header, arrays, chunks, maxByteLength)
}

/** @throws StoreError if the arrays' metadata are not what the header has of them */
export async function openArrays(
  store: ByteStore,
  header: StoreHeader,
  signal: AbortSignal | undefined,
): Promise<OpenArrays> {
  await loadNumberKernels()
  const arrays = storeArrays(header)
  const chunks = await Promise.all(
    arrays.map(async (array) => {
      const key = metadataKey(array.name)
      const metadata = await readMetadata(store, key, signal)
      if (metadata === undefined) {
        throw new StoreError('missing', `The store has no ${key}, which its zarr.json tells of.`, {
          array: array.name,
        })
      }
      return ChunkReader.open(store, array, header, parseArrayMetadata(metadata, array, header))
    }),
  )
  return { arrays, chunks }
}

export async function readMetadata(
  store: ByteStore,
  key: string,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  const bytes = await store.get(key, { signal, maxByteLength: maxMetadataByteLength })
  signal?.throwIfAborted()
  if (bytes === undefined || bytes.length <= maxMetadataByteLength) return bytes
  throw new StoreError(
    'damaged',
    `${key} of the store has ${bytes.length} bytes; expected no more than ${maxMetadataByteLength}.`,
  )
}

/** Thousands of parameters take some hundred kilobytes. */
const maxMetadataByteLength = 4 * 2 ** 20

const defaultMaxByteLength = 512 * 2 ** 20

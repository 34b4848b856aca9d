import { isGradlensError, StoreError } from '../../../errors.js'
import { loadNumberKernels } from '../../../gradients/numbers/number-kernels.js'
import type { ByteReadOptions, ByteStore } from '../../bytes/byte-store.js'
import { formatMetadataKey, parseArrayMetadata } from '../format/array-metadata.js'
import type { Checksums } from '../format/checksums.js'
import type { StoredArray } from '../format/store-arrays.js'
import {
  countHeaderRowBytes,
  listArrays,
  parseHeader,
  rootKey,
  type StoreHeader,
} from '../format/store-header.js'
import { ChunkReader } from './chunk-reader.js'
import { GradientReader } from './gradient-reader.js'
import { readChecksums } from './read-checksums.js'
import { readMetadata } from './read-metadata.js'

/** Options of opening a store of gradients. */
export interface StoreOpenOptions {
  /** Ends the opening: it rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined
  /** How much memory a read may use, in bytes: 512 MiB. A store with larger chunks is refused. */
  readonly maxByteLength?: number | undefined
}

type MetadataReadOptions = Pick<ByteReadOptions, 'signal' | 'reload'>

/** What a store says about itself, checked. */
export interface StoreDescription {
  readonly header: StoreHeader
  readonly checksums: Checksums
}

/** The arrays of a store according to its header, and a reader of each. */
export interface OpenArrays {
  readonly arrays: readonly StoredArray[]
  readonly chunks: readonly ChunkReader[]
}

/** The store's header, or undefined if there is no store yet. */
export async function readHeader(
  store: ByteStore,
  options: MetadataReadOptions = {},
): Promise<StoreHeader | undefined> {
  const bytes = await readMetadata(store, rootKey, options)
  return bytes === undefined ? undefined : parseHeader(bytes)
}

/**
 * The store's header and checksums, or undefined if there is no store. If they don't belong together they are read
 * once more, without caches.
 *
 * @throws StoreError if they are damaged
 */
export async function describeStore(
  store: ByteStore,
  { signal, maxByteLength = defaultMaxByteLength }: StoreOpenOptions = {},
): Promise<StoreDescription | undefined> {
  const read = async (reload: boolean): Promise<StoreDescription | undefined> => {
    const header = await readHeader(store, { signal, reload })
    if (header === undefined) return undefined
    assertSmallChunks(header, maxByteLength)
    return { header, checksums: await readChecksums(store, header, { signal, reload }) }
  }
  try {
    return await read(false)
  } catch (error) {
    if (!isGradlensError(error, 'StoreError') || error.failure !== 'damaged') throw error
    return read(true)
  }
}

/**
 * The store's reader, or undefined if there is no store.
 *
 * @throws StoreError if its metadata are damaged
 */
export async function openReader(
  store: ByteStore,
  options: StoreOpenOptions = {},
): Promise<GradientReader | undefined> {
  const description = await describeStore(store, options)
  return description === undefined ? undefined : createReader(store, description, options)
}

/** A reader of the rows that the header counts as written. */
export async function createReader(
  store: ByteStore,
  description: StoreDescription,
  { signal, maxByteLength = defaultMaxByteLength }: StoreOpenOptions = {},
): Promise<GradientReader> {
  const { arrays, chunks } = await openArrays(store, description, signal)
  return new GradientReader(description.header, arrays, chunks, maxByteLength)
}

/** @throws StoreError if the arrays' metadata differ from the header */
export async function openArrays(
  store: ByteStore,
  { header, checksums }: StoreDescription,
  signal: AbortSignal | undefined,
): Promise<OpenArrays> {
  await loadNumberKernels()
  const arrays = listArrays(header)
  const scanByteLength = header.rowCount * countHeaderRowBytes(header)
  const chunks = await Promise.all(
    arrays.map(async (array, i) => {
      const key = formatMetadataKey(array.name)
      const metadata = await readMetadata(store, key, { signal })
      if (metadata === undefined) {
        throw new StoreError('missing', `The store has no ${key}, which its zarr.json names.`, {
          array: array.name,
        })
      }
      return ChunkReader.open(store, array, header, parseArrayMetadata(metadata, array, header), {
        getChecksum: (chunk) => checksums.get(chunk, i),
        scanByteLength,
      })
    }),
  )
  return { arrays, chunks }
}

function assertSmallChunks(header: StoreHeader, maxByteLength: number): void {
  const byteLength = header.rowsPerChunk * countHeaderRowBytes(header)
  if (byteLength <= maxByteLength) return
  throw new StoreError(
    'damaged',
    `The store's chunks of ${header.rowsPerChunk} rows have ${byteLength} bytes; expected no more ` +
      `than ${maxByteLength}. If this is right, raise maxByteLength.`,
  )
}

const defaultMaxByteLength = 512 * 2 ** 20

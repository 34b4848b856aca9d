import { StoreError } from '../../../errors.js'
import type { ByteReadOptions, ByteStore } from '../../bytes/byte-store.js'

/** The bytes of a JSON file of a store, or undefined if there is none. */
export async function readMetadata(
  store: ByteStore,
  key: string,
  { signal, reload }: Pick<ByteReadOptions, 'signal' | 'reload'>,
): Promise<Uint8Array | undefined> {
  const bytes = await store.get(key, { signal, reload, maxByteLength: maxMetadataByteLength })
  signal?.throwIfAborted()
  if (bytes === undefined || bytes.length <= maxMetadataByteLength) return bytes
  throw new StoreError(
    'damaged',
    `${key} of the store has ${bytes.length} bytes; expected no more than ${maxMetadataByteLength}.`,
  )
}

/** Thousands of parameters need some hundred kilobytes. */
const maxMetadataByteLength = 4 * 2 ** 20

import type { registry as zarritaRegistry } from 'zarrita'
import { StoreError } from '../../../errors.js'
import { crcByteLength } from '../format/array-metadata.js'
import { crc32c } from '../format/crc32c.js'

/** A name of our own: zarrita's `crc32c` stays what it is for the page's other uses of it. */
export const checkedCrc32c = 'gradlens.crc32c'

/** Gives zarrita a crc32c that checks; its own only cuts the checksum off. */
export function registerCheckedCodecs(registry: typeof zarritaRegistry): void {
  const codec = {
    kind: 'bytes_to_bytes' as const,
    encode: (): never => {
      throw new Error('Chunks are written without zarrita.')
    },
    decode: verifiedContent,
    computeEncodedSize: (byteLength: number): number => byteLength + crcByteLength,
  }
  registry.set(checkedCrc32c, () => Promise.resolve({ kind: codec.kind, fromConfig: () => codec }))
}

/**
 * What comes before the checksum, as a view.
 *
 * @throws StoreError if it is not what the checksum was made of
 */
function verifiedContent(bytes: Uint8Array): Uint8Array {
  const content = bytes.subarray(0, Math.max(0, bytes.length - crcByteLength))
  const stored = new DataView(bytes.buffer, bytes.byteOffset).getUint32(content.length, true)
  const actual = crc32c(content)
  if (actual === stored) return content
  throw new StoreError(
    'damaged',
    `the checksum of its bytes is ${hex(actual)}; expected ${hex(stored)}, the crc32c at their end`,
  )
}

const hex = (checksum: number): string => checksum.toString(16).padStart(8, '0')

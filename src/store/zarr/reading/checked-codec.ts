import type { registry as zarritaRegistry } from 'zarrita'
import { StoreError } from '../../../errors.js'
import { crc32c } from '../../../gradients/numbers/crc32c.js'
import { crcByteLength, readChecksum } from '../format/array-metadata.js'

/** Our own name, so that zarrita's `crc32c` stays as it is for the page's other uses. */
export const checkedCrc32c = 'gradlens.crc32c'

/** Gives zarrita a crc32c codec that checks; zarrita's own only removes the checksum. */
export function registerCheckedCodecs(registry: typeof zarritaRegistry): void {
  const codec = {
    kind: 'bytes_to_bytes' as const,
    encode: (): never => {
      throw new Error('Chunks are written without zarrita.')
    },
    decode: checkContent,
    computeEncodedSize: (byteLength: number): number => byteLength + crcByteLength,
  }
  registry.set(checkedCrc32c, () => Promise.resolve({ kind: codec.kind, fromConfig: () => codec }))
}

/**
 * A view of the bytes before the checksum.
 *
 * @throws StoreError if they have another checksum
 */
function checkContent(bytes: Uint8Array): Uint8Array {
  const content = bytes.subarray(0, Math.max(0, bytes.length - crcByteLength))
  const stored = readChecksum(bytes)
  const actual = crc32c(content)
  if (actual === stored) return content
  throw new StoreError(
    'damaged',
    `the checksum of its bytes is ${formatCrc(actual)}; expected ${formatCrc(stored)}, the crc32c at its end`,
  )
}

export const formatCrc = (checksum: number): string => checksum.toString(16).padStart(8, '0')

import { sizeOf, type TypedArray } from '../../../ndarray.js'
import { chunkShape, encodedChunkByteLength } from '../format/array-metadata.js'
import { crc32c } from '../format/crc32c.js'
import { elementTypes, type StoredArray } from '../format/store-arrays.js'
import type { StoreHeader } from '../format/store-header.js'

/** The chunk of one array that is being filled with rows, in the bytes that will be stored. */
export class ChunkBuffer {
  readonly array: StoredArray
  /** [rowsPerChunk, ...rowShape] */
  readonly data: TypedArray
  readonly rowSize: number
  readonly #bytes: Uint8Array<ArrayBuffer>

  constructor(array: StoredArray, header: Pick<StoreHeader, 'rowCount' | 'rowsPerChunk'>) {
    const bytes = new Uint8Array(encodedChunkByteLength(array, header))
    this.array = array
    this.rowSize = sizeOf(array.rowShape)
    this.data = elementTypes[array.type].view(bytes.buffer, 0, sizeOf(chunkShape(array, header)))
    this.#bytes = bytes
  }

  /** The chunk as it is stored: rows from `rowCount` on filled up, and the checksum, little-endian, at the end. */
  encode(rowCount: number): Uint8Array<ArrayBuffer> {
    this.data.fill(elementTypes[this.array.type].fillValue, rowCount * this.rowSize)
    const content = this.#bytes.subarray(0, this.data.byteLength)
    new DataView(this.#bytes.buffer).setUint32(content.length, crc32c(content), true)
    return this.#bytes
  }
}

import { sizeOf, type TypedArray } from '../../../ndarray.js'
import { countChunkBytes, getChunkShape, type RowCounts } from '../format/array-metadata.js'
import { crc32c } from '../../../gradients/numbers/crc32c.js'
import { elementTypes, type StoredArray } from '../format/store-arrays.js'

/** A chunk of one array while it is filled with rows, in the bytes that will be stored. */
export class ChunkBuffer {
  readonly array: StoredArray
  /** [rowsPerChunk, ...rowShape] */
  readonly data: TypedArray
  readonly rowSize: number
  readonly #bytes: Uint8Array<ArrayBuffer>

  constructor(array: StoredArray, rows: RowCounts) {
    const bytes = new Uint8Array(countChunkBytes(array, rows))
    this.array = array
    this.rowSize = sizeOf(array.rowShape)
    this.data = elementTypes[array.type].view(bytes.buffer, 0, sizeOf(getChunkShape(array, rows)))
    this.#bytes = bytes
  }

  /** The stored chunk: rows from `rowCount` on are filled, and the crc32c is at the end, little-endian. */
  encode(rowCount: number): Uint8Array<ArrayBuffer> {
    this.data.fill(elementTypes[this.array.type].fillValue, rowCount * this.rowSize)
    const content = this.#bytes.subarray(0, this.data.byteLength)
    new DataView(this.#bytes.buffer).setUint32(content.length, crc32c(content), true)
    return this.#bytes
  }
}

import { createSha256, type Sha256 } from './sha256.js'

/**
 * The crc32c of each chunk of a store, or of a range of its rows. It has one line per chunk of
 * rows, and in each line one number per array. The hash of all lines is in the store's header.
 */
export class Checksums {
  /** The first chunk that has a line. */
  readonly firstChunk: number
  /** How many numbers a line has. */
  readonly arrayCount: number
  readonly #hash: Sha256
  #values = new Uint32Array(64)
  #length = 0

  static async create(firstChunk: number, arrayCount: number): Promise<Checksums> {
    return new Checksums(firstChunk, arrayCount, await createSha256())
  }

  private constructor(firstChunk: number, arrayCount: number, hash: Sha256) {
    this.firstChunk = firstChunk
    this.arrayCount = arrayCount
    this.#hash = hash
  }

  /** The chunk after the last one that has a line. */
  get endChunk(): number {
    return this.firstChunk + this.#length / this.arrayCount
  }

  /** SHA-256 of all lines, each number as four bytes, little-endian. */
  get hash(): string {
    return `sha256:${this.#hash.digestHex()}`
  }

  /** Adds whole lines for the next chunks. */
  append(lines: ArrayLike<number>): void {
    const length = this.#length + lines.length
    if (length > this.#values.length) {
      const grown = new Uint32Array(2 * length)
      grown.set(this.#values)
      this.#values = grown
    }
    this.#values.set(lines, this.#length)
    this.#length = length
    const bytes = new DataView(new ArrayBuffer(4 * lines.length))
    for (let i = 0; i < lines.length; i++) bytes.setUint32(4 * i, lines[i]!, true)
    this.#hash.update(new Uint8Array(bytes.buffer))
  }

  /** The checksum of a chunk of the array with that index, or undefined if it has no line. */
  get(chunk: number, array: number): number | undefined {
    const at = (chunk - this.firstChunk) * this.arrayCount + array
    return at >= 0 && at < this.#length ? this.#values[at] : undefined
  }

  /** The lines of the chunks from `start` to `end` − 1. */
  getLines(start: number, end: number): Uint32Array {
    const [from, to] = [start, end].map((chunk) => (chunk - this.firstChunk) * this.arrayCount)
    return this.#values.subarray(Math.min(from!, this.#length), Math.min(to!, this.#length))
  }

  /** A copy of the lines of the chunks from `start` to `end` − 1, as far as they exist. */
  async slice(start: number, end: number): Promise<Checksums> {
    const copy = await Checksums.create(start, this.arrayCount)
    copy.append(this.getLines(start, end))
    return copy
  }
}

/** The hash of a store without rows: SHA-256 of no bytes. */
export const emptyChecksumsHash =
  'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

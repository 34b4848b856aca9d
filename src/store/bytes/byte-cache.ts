/** A cache of bytes by name. It keeps at most `capacity` bytes, those used last. */
export class ByteCache {
  readonly #capacity: number
  readonly #entries = new Map<string, Uint8Array<ArrayBuffer>>()
  #byteLength = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get capacity(): number {
    return this.#capacity
  }

  get byteLength(): number {
    return this.#byteLength
  }

  get(name: string): Uint8Array<ArrayBuffer> | undefined {
    const bytes = this.#entries.get(name)
    if (bytes === undefined) return undefined
    // A Map keeps insertion order, so its first entry is the least recently used one.
    this.#entries.delete(name)
    this.#entries.set(name, bytes)
    return bytes
  }

  /** Keeps the bytes, unless they exceed the capacity. */
  set(name: string, bytes: Uint8Array<ArrayBuffer>): void {
    this.delete(name)
    if (bytes.length > this.#capacity) return
    for (const oldest of this.#entries.keys()) {
      if (this.#byteLength + bytes.length <= this.#capacity) break
      this.delete(oldest)
    }
    this.#entries.set(name, bytes)
    this.#byteLength += bytes.length
  }

  delete(name: string): void {
    this.#byteLength -= this.#entries.get(name)?.length ?? 0
    this.#entries.delete(name)
  }
}

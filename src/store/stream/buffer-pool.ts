import { freeBuffers } from '../../gradients/free-buffers.js'

/**
 * Reuses buffers. Otherwise streamed data would wait for garbage collection in the page and in each worker.
 */
export class BufferPool implements Disposable {
  #maxByteLength: number
  readonly #free = new Map<number, ArrayBuffer[]>()
  #byteLength = 0

  /** @param maxByteLength how many bytes are kept at most */
  constructor(maxByteLength: number) {
    this.#maxByteLength = maxByteLength
  }

  /** A buffer of this length, if there is one, with arbitrary content. */
  take(byteLength: number): ArrayBuffer | undefined {
    const buffer = this.#free.get(byteLength)?.pop()
    if (buffer !== undefined) this.#byteLength -= byteLength
    return buffer
  }

  give(buffer: ArrayBuffer): void {
    const { byteLength } = buffer
    if (this.#byteLength + byteLength > this.#maxByteLength) {
      freeBuffers([buffer])
      return
    }
    const alike = this.#free.get(byteLength) ?? []
    this.#free.set(byteLength, alike)
    alike.push(buffer)
    this.#byteLength += byteLength
  }

  /** Frees all buffers, and those that are returned later. */
  [Symbol.dispose](): void {
    this.#maxByteLength = 0
    this.#byteLength = 0
    freeBuffers([...this.#free.values()].flat())
    this.#free.clear()
  }
}

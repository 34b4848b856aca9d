import { freeBuffers } from '../../gradients/free-buffers.js'

/**
 * Buffers that have come back, for those that come next: what is streamed would else wait as garbage, in the page and in
 * each worker, until a collector comes by.
 */
export class BufferPool implements Disposable {
  #maxByteLength: number
  readonly #free = new Map<number, ArrayBuffer[]>()
  #byteLength = 0

  /** @param maxByteLength no more than so many bytes are kept */
  constructor(maxByteLength: number) {
    this.#maxByteLength = maxByteLength
  }

  /** One of this length, if there is one. What is in it is anything. */
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

  /** Frees what it has, and what comes back from now on. */
  [Symbol.dispose](): void {
    this.#maxByteLength = 0
    this.#byteLength = 0
    freeBuffers([...this.#free.values()].flat())
    this.#free.clear()
  }
}

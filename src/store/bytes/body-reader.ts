type Bytes = Uint8Array<ArrayBuffer>

/** Reads the bytes of a response into buffers of the caller, without a copy where the platform allows it. */
export class BodyReader {
  readonly #direct: ReadableStreamBYOBReader | undefined
  readonly #parts: ReadableStreamDefaultReader<Bytes> | undefined
  /** Received bytes that did not fit yet. */
  #rest: Bytes = new Uint8Array()

  constructor({ body }: Response) {
    try {
      this.#direct = body?.getReader({ mode: 'byob' })
    } catch {
      // In older browsers bodies aren't byte streams.
      this.#parts = body?.getReader()
    }
  }

  /**
   * Reads the next bytes to the start of `into`, which must not be empty. Returns no bytes at the end of the body. The
   * buffer may be transferred: use the buffer of the result from then on.
   */
  async read(into: Bytes): Promise<Bytes> {
    if (this.#direct !== undefined) {
      const { value } = await this.#direct.read(into)
      if (value !== undefined) return value
      throw new Error('the body was cancelled')
    }
    while (this.#rest.length === 0) {
      const part = await this.#parts?.read()
      if (part?.value === undefined) return into.subarray(0, 0)
      this.#rest = part.value
    }
    const part = this.#rest.subarray(0, into.length)
    this.#rest = this.#rest.subarray(part.length)
    into.set(part)
    return into.subarray(0, part.length)
  }
}

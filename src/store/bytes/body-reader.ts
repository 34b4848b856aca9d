type Bytes = Uint8Array<ArrayBuffer>

/** The bytes of a response, read into buffers of the caller's, without a copy in between where the platform can. */
export class BodyReader {
  readonly #direct: ReadableStreamBYOBReader | undefined
  readonly #parts: ReadableStreamDefaultReader<Bytes> | undefined
  /** What came, and had no room yet. */
  #rest: Bytes = new Uint8Array()

  constructor({ body }: Response) {
    try {
      this.#direct = body?.getReader({ mode: 'byob' })
    } catch {
      // Older browsers' bodies are no byte streams.
      this.#parts = body?.getReader()
    }
  }

  /**
   * The next bytes, where `into` begins; none at the end. As many as there are, and no more than there is room for, of
   * which there must be some. The buffer may be moved: that of what comes back is to be used from then on.
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

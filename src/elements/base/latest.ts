/**
 * The latest of several values or promises. An earlier promise that settles later is ignored. Of a
 * Blob, the value is its bytes.
 */
export class Latest<Value> {
  readonly #read: (source: unknown) => Value
  readonly #onSettled: () => void
  #request = 0
  #value: Value | null = null
  #error: unknown = null
  #isPending = false

  /**
   * @param read converts a source; throws if the source is invalid
   * @param onSettled is called when the latest promise has settled
   */
  constructor(read: (source: unknown) => Value, onSettled: () => void) {
    this.#read = read
    this.#onSettled = onSettled
  }

  /** The latest value. It is kept while the next promise is pending. */
  get value(): Value | null {
    return this.#value
  }

  get error(): unknown {
    return this.#error
  }

  get isPending(): boolean {
    return this.#isPending
  }

  follow(source: unknown): void {
    const request = ++this.#request
    this.#isPending = false
    this.#error = null
    if (source === null || source === undefined || source === '') {
      this.#value = null
      return
    }
    if (source instanceof Blob) {
      this.#await(source.arrayBuffer(), request)
    } else if (isThenable(source)) {
      this.#await(source, request)
    } else {
      this.#accept(source)
    }
  }

  #await(source: PromiseLike<unknown>, request: number): void {
    this.#isPending = true
    const settle = (apply: () => void): void => {
      if (request !== this.#request) return
      this.#isPending = false
      apply()
      this.#onSettled()
    }
    source.then(
      (value) => {
        if (value instanceof Blob) {
          if (request === this.#request) this.#await(value.arrayBuffer(), request)
          return
        }
        settle(() => {
          this.#accept(value)
        })
      },
      (error: unknown) => {
        settle(() => {
          // An abort is intended, so the earlier value stays.
          if (!isAbort(error))
            this.#error = error ?? new Error('The promise was rejected without a reason.')
        })
      },
    )
  }

  #accept(source: unknown): void {
    try {
      this.#value = this.#read(source)
    } catch (error) {
      this.#error = error
    }
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  )
}

function isAbort(error: unknown): boolean {
  return (error instanceof DOMException || error instanceof Error) && error.name === 'AbortError'
}

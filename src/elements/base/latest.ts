/** What was last asked for: of several promises only the last one counts, whichever comes first. */
export class Latest<Value> {
  readonly #read: (source: unknown) => Value
  readonly #changed: () => void
  #request = 0
  #value: Value | null = null
  #error: unknown = null
  #isPending = false

  /** @param read throws if it is not what is needed @param changed what is called once a promise has settled */
  constructor(read: (source: unknown) => Value, changed: () => void) {
    this.#read = read
    this.#changed = changed
  }

  /** The last that came, while the next is awaited. */
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
    if (!isThenable(source)) {
      this.#take(source)
      return
    }
    this.#isPending = true
    const settle = (how: () => void): void => {
      if (request !== this.#request) return
      this.#isPending = false
      how()
      this.#changed()
    }
    source.then(
      (value) => {
        settle(() => {
          this.#take(value)
        })
      },
      (error: unknown) => {
        settle(() => {
          // Whoever stopped it knows; what was there before stays.
          if (!isAbort(error)) this.#error = error ?? new Error('It failed without a reason.')
        })
      },
    )
  }

  #take(source: unknown): void {
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

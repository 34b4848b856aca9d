interface SharedRequest<Result> {
  readonly result: Promise<Result>
  readonly controller: AbortController
  waiting: number
  isShared: boolean
}

/**
 * Requests that several callers can share. An abort ends the wait of one caller; a request ends when it has no callers
 * left.
 */
export class SharedRequests<Result> {
  readonly #running = new Map<string, SharedRequest<Result>>()

  /**
   * The result, and whether other callers received it too.
   *
   * @param start starts the request, if none of that name is running
   */
  async run(
    name: string,
    start: (signal: AbortSignal) => Promise<Result>,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly result: Result; readonly isShared: boolean }> {
    signal?.throwIfAborted()
    const running = this.#running.get(name)
    if (running !== undefined) running.isShared = true
    const request = running ?? this.#start(name, start)
    request.waiting++
    try {
      const result = await waitUnlessAborted(request.result, signal)
      return { result, isShared: request.isShared }
    } finally {
      request.waiting--
      if (request.waiting === 0) {
        if (this.#running.get(name) === request) this.#running.delete(name)
        request.controller.abort()
      }
    }
  }

  #start(name: string, start: (signal: AbortSignal) => Promise<Result>): SharedRequest<Result> {
    const controller = new AbortController()
    const request = { result: start(controller.signal), controller, waiting: 0, isShared: false }
    this.#running.set(name, request)
    const end = (): void => {
      if (this.#running.get(name) === request) this.#running.delete(name)
    }
    // This also handles a rejection after the last caller has left.
    request.result.then(end, end)
    return request
  }
}

/** Settles like the promise, or rejects with the signal's reason if that comes first. */
function waitUnlessAborted<Result>(
  promise: Promise<Result>,
  signal: AbortSignal | undefined,
): Promise<Result> {
  if (signal === undefined) return promise
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the caller's own reason
      reject(signal.reason)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', onAbort)
    })
  })
}

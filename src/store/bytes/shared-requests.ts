interface SharedRequest<Result> {
  readonly result: Promise<Result>
  readonly controller: AbortController
  waiting: number
  isShared: boolean
}

/**
 * Requests that several callers may wait for. One caller's abort ends that caller's waiting alone; the request ends
 * when nobody waits any more.
 */
export class SharedRequests<Result> {
  readonly #running = new Map<string, SharedRequest<Result>>()

  /**
   * The result, and whether there are others who have it too.
   *
   * @param start makes the request, if none of that name is running
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
      const result = await untilAborted(request.result, signal)
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
    // Also keeps a rejection from being nobody's, after the last caller has gone.
    request.result.then(end, end)
    return request
  }
}

/** The promise's outcome, or the signal's reason if that comes first. */
function untilAborted<Result>(
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

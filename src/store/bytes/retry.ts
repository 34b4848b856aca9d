/** A failure that may be temporary. `waitMs` is the delay that the server asked for. */
export class PassingFailure extends Error {
  readonly error: Error
  readonly waitMs: number | undefined

  constructor(error: Error, waitMs?: number) {
    super(error.message)
    this.error = error
    this.waitMs = waitMs
  }
}

export interface RetryOptions {
  /** The number of further attempts. */
  readonly retries: number
  /** The longest wait before the first retry. It doubles with each retry. */
  readonly retryDelayMs: number
  readonly signal: AbortSignal
}

/**
 * The step's result. The step is repeated if it throws a PassingFailure. Waits are random up to a limit that doubles, so
 * that clients that failed together don't retry together ("Exponential Backoff And Jitter", AWS, 2015).
 */
export async function withRetries<Result>(
  step: () => Promise<Result>,
  { retries, retryDelayMs, signal }: RetryOptions,
): Promise<Result> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await step()
    } catch (failure) {
      signal.throwIfAborted()
      if (!(failure instanceof PassingFailure)) throw failure
      const {
        error,
        waitMs = Math.random() * Math.min(retryDelayMs * 2 ** attempt, longestWaitMs),
      } = failure
      if (attempt >= retries || waitMs > longestWaitMs) throw error
      await wait(waitMs, signal)
    }
  }
}

/** If a server asks for a longer wait, its error is thrown instead. */
const longestWaitMs = 30_000

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer)
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the caller's own reason
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    signal.addEventListener('abort', onAbort, { once: true })
  })
}

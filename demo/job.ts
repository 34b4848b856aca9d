import type { WorkProgress } from './workers/protocol.js'

/** How a job stands. `idle`: nothing to do, or what it needs is not there. */
export type JobState<Value> =
  | { readonly status: 'idle' }
  | { readonly status: 'busy'; readonly startedAt: number; readonly progress?: WorkProgress }
  | { readonly status: 'done'; readonly value: Value }
  | { readonly status: 'cancelled' }
  | { readonly status: 'failed'; readonly message: string }

export interface JobOptions {
  readonly signal: AbortSignal
  readonly onProgress: (progress: WorkProgress) => void
}

/** Work of which only the last request counts: a new one ends the one before. */
export class Job<Value> {
  readonly #show: (state: JobState<Value>) => void
  #controller: AbortController | undefined

  constructor(show: (state: JobState<Value>) => void) {
    this.#show = show
  }

  /** The result; undefined if it failed, was cancelled or was overtaken. */
  async run(work: (options: JobOptions) => Promise<Value>): Promise<Value | undefined> {
    this.#controller?.abort(overtaken)
    const controller = new AbortController()
    this.#controller = controller
    const { signal } = controller
    const startedAt = performance.now()
    this.#show({ status: 'busy', startedAt })
    try {
      const onProgress = (progress: WorkProgress): void => {
        if (!signal.aborted) this.#show({ status: 'busy', startedAt, progress })
      }
      const value = await work({ signal, onProgress })
      if (signal.aborted) return undefined
      this.#show({ status: 'done', value })
      return value
    } catch (error) {
      if (signal.aborted) return undefined
      this.#show({
        status: 'failed',
        message: error instanceof Error ? error.message : String(error),
      })
      return undefined
    } finally {
      if (this.#controller === controller) this.#controller = undefined
    }
  }

  /** Ends what runs, because the visitor says so. */
  cancel(): void {
    if (this.#controller === undefined) return
    this.#controller.abort()
    this.#controller = undefined
    this.#show({ status: 'cancelled' })
  }

  /** Ends what runs, because there is nothing to ask. */
  reset(): void {
    this.#controller?.abort(overtaken)
    this.#controller = undefined
    this.#show({ status: 'idle' })
  }
}

const overtaken = new DOMException('A newer request has taken its place.', 'AbortError')

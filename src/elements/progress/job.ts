import type { Progress } from '../../options.js'

/** The state of a job. `idle`: nothing was requested, or something that it needs is missing. */
export type JobState<Value = unknown> =
  | { readonly status: 'idle' }
  | {
      readonly status: 'busy'
      /** By `performance.now()`, in ms. */
      readonly startedAt: number
      /** When the current phase of the progress began. */
      readonly phaseStartedAt: number
      readonly progress: Progress | null
    }
  | { readonly status: 'done'; readonly value: Value; readonly durationMs: number }
  | {
      readonly status: 'cancelled'
      /** Whether an earlier result exists, which may still be shown. */
      readonly hasResult: boolean
    }
  | { readonly status: 'failed'; readonly error: unknown }

/** What the work of a job receives. */
export interface JobOptions {
  /** Aborts when the job is cancelled or a newer request replaces this one. */
  readonly signal: AbortSignal
  /** Reports the progress of the work. */
  readonly onProgress: (progress: Progress) => void
}

/**
 * Asynchronous work of which only the latest request counts: each request aborts the one before.
 */
export class Job<Value> {
  readonly #onChange: (state: JobState<Value>) => void
  #state: JobState<Value> = { status: 'idle' }
  #controller: AbortController | undefined
  #value: Value | null = null

  /** @param onChange is called with every new state */
  constructor(onChange: (state: JobState<Value>) => void) {
    this.#onChange = onChange
  }

  /** The state of the latest request. */
  get state(): JobState<Value> {
    return this.#state
  }

  /** The latest result. It is kept while the next one is computed. */
  get value(): Value | null {
    return this.#value
  }

  /**
   * Runs the work. Resolves to its result, or to undefined if it failed, was cancelled or was
   * replaced.
   */
  async run(work: (options: JobOptions) => Promise<Value>): Promise<Value | undefined> {
    this.#abort(createReplacedError())
    const controller = new AbortController()
    this.#controller = controller
    const { signal } = controller
    const startedAt = performance.now()
    let phase: string | undefined
    let phaseStartedAt = startedAt
    this.#enter({ status: 'busy', startedAt, phaseStartedAt, progress: null })
    try {
      const onProgress = (progress: Progress): void => {
        if (signal.aborted) return
        if (progress.phase !== phase) {
          if (phase !== undefined) phaseStartedAt = performance.now()
          phase = progress.phase
        }
        this.#enter({ status: 'busy', startedAt, phaseStartedAt, progress })
      }
      const value = await work({ signal, onProgress })
      if (signal.aborted) return undefined
      this.#value = value
      this.#enter({ status: 'done', value, durationMs: performance.now() - startedAt })
      return value
    } catch (error) {
      // Aborted work may fail in any way; that failure is expected.
      if (!signal.aborted) this.#enter({ status: 'failed', error })
      return undefined
    } finally {
      if (this.#controller === controller) this.#controller = undefined
    }
  }

  /** Aborts the running work at the user's request. Does nothing if no work is running. */
  cancel(): void {
    const reason = new DOMException('The request was cancelled.', 'AbortError')
    if (this.#abort(reason)) {
      this.#enter({ status: 'cancelled', hasResult: this.#value !== null })
    }
  }

  /** Aborts the running work and enters `idle`. The last result is kept. */
  interrupt(reason: unknown = createReplacedError()): void {
    this.#abort(reason)
    if (this.#state.status !== 'idle') this.#enter({ status: 'idle' })
  }

  /** Aborts the running work, forgets the last result and enters `idle`. */
  reset(): void {
    this.#value = null
    this.interrupt()
  }

  #abort(reason: unknown): boolean {
    const controller = this.#controller
    this.#controller = undefined
    controller?.abort(reason)
    return controller !== undefined
  }

  #enter(state: JobState<Value>): void {
    this.#state = state
    this.#onChange(state)
  }
}

/** Whether the result of a job belongs to an earlier request than the latest. */
export const isStale = ({ state, value }: Pick<Job<unknown>, 'state' | 'value'>): boolean =>
  state.status === 'busy' || (value !== null && state.status !== 'done')

function createReplacedError(): DOMException {
  return new DOMException('A newer request replaced this one.', 'AbortError')
}

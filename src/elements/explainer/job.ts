import type { Progress } from '../../options.js'

/** How a job stands. `idle`: nothing to do, or what it needs is not there. */
export type JobState =
  | { readonly status: 'idle' }
  | {
      readonly status: 'busy'
      readonly startedAt: number
      /** When what is counted began. */
      readonly phaseStartedAt: number
      readonly progress: Progress | null
    }
  | { readonly status: 'done'; readonly durationMs: number }
  | { readonly status: 'cancelled' }
  | { readonly status: 'failed'; readonly error: unknown }

export interface JobOptions {
  readonly signal: AbortSignal
  readonly onProgress: (progress: Progress) => void
}

/** Work of which only the last request counts: a new one ends the one before. */
export class Job<Value> {
  readonly #changed: (state: JobState) => void
  #state: JobState = { status: 'idle' }
  #controller: AbortController | undefined
  #value: Value | null = null

  constructor(changed: (state: JobState) => void) {
    this.#changed = changed
  }

  get state(): JobState {
    return this.#state
  }

  /** The last result, which stays while the next is made. */
  get value(): Value | null {
    return this.#value
  }

  async run(work: (options: JobOptions) => Promise<Value>): Promise<void> {
    this.#controller?.abort(overtaken())
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
      if (signal.aborted) return
      this.#value = value
      this.#enter({ status: 'done', durationMs: performance.now() - startedAt })
    } catch (error) {
      // Whatever was asked to stop may fail of that in its own way.
      if (!signal.aborted) this.#enter({ status: 'failed', error })
    } finally {
      if (this.#controller === controller) this.#controller = undefined
    }
  }

  /** Ends what runs, because the visitor says so. */
  cancel(): void {
    if (this.#controller === undefined) return
    this.#controller.abort(new DOMException('It was cancelled.', 'AbortError'))
    this.#controller = undefined
    this.#enter({ status: 'cancelled' })
  }

  /** Ends what runs, because there is nothing to ask; the last result goes too. */
  reset(): void {
    this.#controller?.abort(overtaken())
    this.#controller = undefined
    this.#value = null
    if (this.#state.status !== 'idle') this.#enter({ status: 'idle' })
  }

  /** Ends what runs, until it is asked for again. True if anything ran. */
  interrupt(): boolean {
    if (this.#controller === undefined) return false
    this.#controller.abort(new DOMException('The element has left the page.', 'AbortError'))
    this.#controller = undefined
    this.#enter({ status: 'idle' })
    return true
  }

  #enter(state: JobState): void {
    this.#state = state
    this.#changed(state)
  }
}

const overtaken = (): DOMException =>
  new DOMException('A newer request has taken its place.', 'AbortError')

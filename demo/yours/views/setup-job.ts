import { Job, type JobOptions, type JobState } from 'gradlens/elements'
import { create, find } from '../../dom.js'
import { createJobView } from '../../views/job-view.js'
import { createFailure, messageOf } from './failure.js'

export interface SetupJobOptions<Value> {
  /** What the job does, as in 'Reading the model'. */
  readonly doing: string
  /** The result in words. */
  readonly describe: (value: Value) => readonly HTMLElement[]
  /** Whether the former result stays in use if the job fails. */
  readonly keepsFormer: boolean
}

/** The work of one part of the setup, with its progress and its result in words. */
export class SetupJob<Value> {
  readonly #job: Job<Value>
  #again = (): void => undefined

  /** @param name the part's ids are `#name-job` for the progress and `#name-about` for the result */
  constructor(name: string, { doing, describe, keepsFormer }: SetupJobOptions<Value>) {
    const about = find(`#${name}-about`, HTMLElement)
    const progress = find(`#${name}-job`, HTMLElement)
    let shown: readonly HTMLElement[] = []
    let failures: readonly HTMLElement[] = []
    const view = createJobView(`${name}-job`, {
      doing,
      unit: 'examples',
      cancel: () => {
        this.#job.cancel()
      },
      retry: () => {
        this.#again()
      },
    })
    this.#job = new Job<Value>((state) => {
      const { status } = state
      progress.hidden = status === 'done' || status === 'failed' || status === 'idle'
      view(state)
      if (status === 'busy' && failures.length === 0) return
      failures = status === 'failed' ? [createFailure(messageOf(state.error))] : []
      if (status === 'done') shown = describe(state.value)
      if (status === 'idle' || (status === 'failed' && !keepsFormer)) shown = []
      if (status === 'failed' && shown.length > 0) {
        failures = [...failures, create('p', '', 'The former one is still used.')]
      }
      about.replaceChildren(...shown, ...failures)
      about.closest('.setup')?.toggleAttribute('data-ready', shown.length > 0)
    })
    progress.hidden = true
  }

  get state(): JobState<Value> {
    return this.#job.state
  }

  /**
   * Runs the work. Resolves to its result, or to undefined if it failed, was cancelled or was
   * replaced.
   *
   * @param again is called when the visitor wants to try again after cancelling
   */
  run(
    work: (options: JobOptions) => Promise<Value>,
    again: () => void,
  ): Promise<Value | undefined> {
    this.#again = again
    return this.#job.run(work)
  }

  /** Ends the work and forgets its result. */
  reset(): void {
    this.#job.reset()
  }
}

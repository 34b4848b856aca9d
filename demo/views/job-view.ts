import { GlProgress, type JobState } from 'gradlens/elements'
import { find } from '../dom.js'

export interface JobViewOptions {
  /** What the job does, as in 'Comparing the training digits'. */
  readonly doing: string
  /** What the progress counts, as in 'digits'. */
  readonly unit?: string
  readonly cancel?: () => void
  readonly retry: () => void
}

/** Returns a function that shows the state of a job in the `<gl-progress>` with this id. */
export function createJobView(
  id: string,
  { doing, unit = '', cancel, retry }: JobViewOptions,
): (state: JobState) => void {
  const progress = find(`#${id}`, GlProgress)
  Object.assign(progress, { doing, unit, cancellable: cancel !== undefined })
  progress.addEventListener('gl-progress-cancel', () => cancel?.())
  progress.addEventListener('gl-progress-retry', retry)
  return (state) => {
    progress.state = state
  }
}

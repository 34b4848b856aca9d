import { html, type TemplateResult } from 'lit'
import type { JobState } from '../../progress/job.js'
import { describeRemedy } from '../describe-run.js'

interface ProgressOptions {
  /** What the job does, as in 'Running the model'. */
  readonly doing: string
  /** What the progress counts, as in 'steps'. */
  readonly unit: string
  readonly cancel: () => void
  readonly retry: () => void
}

/** The progress of a job over its earlier result, and what to do if it failed. */
export function renderProgress(
  state: JobState,
  { doing, unit, cancel, retry }: ProgressOptions,
): TemplateResult {
  return html`<gl-progress
    part="progress"
    .state=${state}
    .doing=${doing}
    .unit=${unit}
    .hint=${state.status === 'failed' ? describeRemedy(state.error) : ''}
    cancellable
    @gl-progress-cancel=${cancel}
    @gl-progress-retry=${retry}
  ></gl-progress>`
}

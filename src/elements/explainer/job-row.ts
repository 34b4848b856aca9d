import { html, nothing, type TemplateResult } from 'lit'
import { isGradlensError } from '../../errors.js'
import type { Progress } from '../../options.js'
import { formatCount, formatSeconds } from '../text/run-report.js'
import type { JobState } from './job.js'

/** Work that is over sooner shows no progress: it would only flicker. */
export const showProgressAfterMs = 500

export interface JobRow {
  readonly state: JobState
  /** What is being done, as in 'Ranking the training examples'. */
  readonly doing: string
  /** What progress counts, as in 'training examples'. */
  readonly unit: string
  readonly hasResults: boolean
  readonly now: number
  readonly cancel: () => void
  readonly retry: () => void
}

/** Progress with a cancel button, or what went wrong with a button to try again, in the place kept for it. */
export function renderJobRow(row: JobRow): TemplateResult {
  const { state, doing } = row
  const isRunning = state.status === 'busy' && row.now - state.startedAt >= showProgressAfterMs
  return html`
    <div class="job" part="job">
      ${isRunning ? renderRunning(row, state.progress, state.phaseStartedAt) : nothing}
      <p class=${state.status === 'failed' ? 'job-text failure' : 'job-text'} role="status">
        ${isRunning ? html`<span class="visually-hidden">${doing} …</span>` : endText(row)}
      </p>
      ${
        state.status === 'failed' || state.status === 'cancelled'
          ? html`<button type="button" class="control" @click=${row.retry}>
              ${state.status === 'failed' ? 'Try again' : 'Compute it after all'}
            </button>`
          : nothing
      }
    </div>
  `
}

function renderRunning(
  { doing, unit, now, cancel }: JobRow,
  progress: Progress | null,
  phaseStartedAt: number,
): TemplateResult {
  const text =
    progress === null
      ? `${doing} …`
      : `${doing}: ${progressText(progress, now - phaseStartedAt, unit)}`
  return html`
    <div class="running">
      <progress
        aria-label=${doing}
        max=${progress?.total ?? nothing}
        value=${progress?.done ?? nothing}
      ></progress>
      <button type="button" class="control" @click=${cancel}>Cancel</button>
      <span class="job-text" aria-hidden="true">${text}</span>
    </div>
  `
}

function endText({ state, hasResults }: JobRow): string {
  if (state.status === 'failed') return failureText(state.error)
  if (state.status !== 'cancelled') return ''
  return hasResults ? 'Cancelled. What is shown is older.' : 'Cancelled.'
}

/** '300 of 1,000 training examples, about 4 s left'. */
function progressText({ done, total }: Progress, elapsedMs: number, unit: string): string {
  const rows = `${formatCount(done)} of ${formatCount(total)} ${unit}`
  if (done === 0 || done >= total) return rows
  return `${rows}, about ${formatSeconds((elapsedMs / done) * (total - done))} left`
}

/** What went wrong, and what to do in this element. */
function failureText(error: unknown): string {
  const message = error instanceof Error && error.message !== '' ? error.message : String(error)
  if (isGradlensError(error, 'NotFittedError')) {
    return `${message} Here: set xTrain and yTrain, or fit the explainer before.`
  }
  if (isGradlensError(error, 'InvalidArgumentError') && error.argument === 'target') {
    return `${message} Here: set predict, whose greatest output is then explained, or target.`
  }
  return message
}

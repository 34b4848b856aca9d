import {
  html,
  LitElement,
  nothing,
  type CSSResultGroup,
  type PropertyDeclarations,
  type PropertyValues,
  type TemplateResult,
} from 'lit'
import type { Progress } from '../../options.js'
import { frameStyles } from '../base/frame.styles.js'
import { tokens } from '../base/tokens.js'
import { formatCount, formatSeconds } from '../text/quantities.js'
import type { JobState } from './job.js'
import { progressStyles } from './progress.styles.js'

/** Shorter work shows no progress, which would only flicker. */
const showProgressAfterMs = 500

/**
 * The progress of a job, with a button that cancels it; or its error, with a button that tries
 * again. The element has the same height in every state, so nothing below it moves. Work of less
 * than half a second shows no progress.
 *
 * @tagname gl-progress
 *
 * @fires {CustomEvent<null>} gl-progress-cancel - The user pressed Cancel; only with `cancellable`.
 * @fires {CustomEvent<null>} gl-progress-retry - The user pressed the button after a failure or a
 * cancellation.
 *
 * @csspart bar - The progress bar.
 * @csspart message - The text: what is being done, or what went wrong.
 * @csspart button - The button that cancels or tries again.
 */
export class GlProgress extends LitElement {
  static override properties: PropertyDeclarations = {
    state: { attribute: false },
    doing: {},
    unit: {},
    hint: {},
    cancellable: { type: Boolean },
    theme: { reflect: true },
  }

  static override styles: CSSResultGroup = [tokens, frameStyles, progressStyles]

  /** The state of the job, as `Job` reports it. */
  declare state: JobState
  /** What the job does, for example 'Ranking the training examples'. */
  declare doing: string
  /** What the progress counts, for example 'training examples'. */
  declare unit: string
  /** A sentence that follows an error message: what to do about it here. */
  declare hint: string
  /** Shows a Cancel button while the job is running. */
  declare cancellable: boolean
  /** 'light' or 'dark' overrides the page's `color-scheme`; null follows it. */
  declare theme: 'light' | 'dark' | null

  #timer: ReturnType<typeof setTimeout> | undefined

  constructor() {
    super()
    this.state = { status: 'idle' }
    this.doing = ''
    this.unit = ''
    this.hint = ''
    this.cancellable = false
    this.theme = null
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    clearTimeout(this.#timer)
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (!changed.has('state')) return
    clearTimeout(this.#timer)
    if (this.state.status !== 'busy') return
    const waitMs = showProgressAfterMs - (performance.now() - this.state.startedAt)
    if (waitMs > 0) {
      this.#timer = setTimeout(() => {
        this.requestUpdate()
      }, waitMs)
    }
  }

  protected override render(): TemplateResult {
    const { state, doing } = this
    const isFailed = state.status === 'failed'
    const isRunning = this.#isRunning()
    return html`
      <div class="root progress">
        ${isRunning ? this.#renderRunning() : nothing}
        <p class=${isFailed ? 'message failure' : 'message'} part="message" role="status">
          ${isRunning ? html`<span class="visually-hidden">${doing} …</span>` : this.#endMessage()}
        </p>
        ${this.#renderButton(isRunning)}
      </div>
    `
  }

  #isRunning(): boolean {
    const { state } = this
    return state.status === 'busy' && performance.now() - state.startedAt >= showProgressAfterMs - 1
  }

  #renderRunning(): TemplateResult | typeof nothing {
    const { state, doing } = this
    if (state.status !== 'busy') return nothing
    const { progress, phaseStartedAt } = state
    const text =
      progress === null
        ? `${doing} …`
        : `${doing}: ${describeProgress(progress, performance.now() - phaseStartedAt, this.unit)}`
    return html`
      <div class="running">
        <progress
          part="bar"
          aria-label=${doing}
          max=${progress?.total ?? nothing}
          value=${progress?.done ?? nothing}
        ></progress>
        <span class="message" aria-hidden="true">${text}</span>
      </div>
    `
  }

  /** One button for all states, so that it keeps the focus when its text changes. */
  #renderButton(isRunning: boolean): TemplateResult | typeof nothing {
    const { status } = this.state
    const canRetry = status === 'failed' || status === 'cancelled'
    if (!canRetry && !(isRunning && this.cancellable)) return nothing
    const text = isRunning ? 'Cancel' : status === 'failed' ? 'Try again' : 'Compute anyway'
    return html`<button
      type="button"
      class="control"
      part="button"
      @click=${() => {
        this.dispatchEvent(createEvent(isRunning ? 'gl-progress-cancel' : 'gl-progress-retry'))
      }}
    >
      ${text}
    </button>`
  }

  #endMessage(): string {
    const { state, hint } = this
    if (state.status === 'failed') {
      const { error } = state
      const message = error instanceof Error && error.message !== '' ? error.message : String(error)
      return hint === '' ? message : `${message} ${hint}`
    }
    if (state.status !== 'cancelled') return ''
    return state.hasResult ? 'Cancelled. The results shown are older.' : 'Cancelled.'
  }
}

// Outside the class, where the manifest takes no event from it.
const createEvent = (name: 'gl-progress-cancel' | 'gl-progress-retry'): CustomEvent<null> =>
  new CustomEvent(name, { bubbles: true, detail: null })

/** '300 of 1,000 training examples, about 4 s left'. */
function describeProgress({ done, total }: Progress, elapsedMs: number, unit: string): string {
  const count = `${formatCount(done)} of ${formatCount(total)} ${unit}`.trim()
  if (done === 0 || done >= total) return count
  return `${count}, about ${formatSeconds((elapsedMs / done) * (total - done))} left`
}

declare global {
  interface HTMLElementTagNameMap {
    'gl-progress': GlProgress
  }
  interface HTMLElementEventMap {
    'gl-progress-cancel': CustomEvent<null>
    'gl-progress-retry': CustomEvent<null>
  }
}

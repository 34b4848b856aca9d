import { html, nothing, type CSSResultGroup, type PropertyValues, type TemplateResult } from 'lit'
import { isNdArray, isRecord, type GivenExplanation } from '../base/explanation-source.js'
import { frameStyles } from '../base/frame.styles.js'
import { tokens } from '../base/tokens.js'
import type { ClassProbability } from '../probabilities/class-probabilities.js'
import { predictedClass, valueSentence } from './answer.js'
import { ExplainWork, type Question } from './explain-work.js'
import { explainEvent, type ExplainPart } from './explainer-events.js'
import { ExplainerProperties } from './explainer-properties.js'
import { explainerStyles } from './explainer.styles.js'
import type { Job, JobState } from './job.js'
import { renderJobRow, showProgressAfterMs } from './job-row.js'
import { runReportLine } from './run-report-line.js'

/** What each part is computed from: a change of one of them asks anew. */
const questions: Readonly<Record<ExplainPart, readonly (keyof Question)[]>> = {
  attribution: ['x', 'predict', 'attribution', 'attributionOptions', 'target'],
  similarity: ['x', 'y', 'similarity', 'similarityOptions', 'xTrain', 'yTrain'],
}
const parts: readonly ExplainPart[] = ['attribution', 'similarity']

/**
 * Why does the model say so? Asks a model and two explainers about one example: what it answers, which parts of the
 * example it looked at, and which training examples made it say so. It fits the explainer first if it is given training
 * data, shows progress, can be cancelled, and of several requests the last one counts.
 *
 * @tagname gl-explainer
 *
 * @fires {CustomEvent<{ part }>} gl-explain-start - A part begins to be computed.
 * @fires {CustomEvent<{ part, phase, done, total }>} gl-explain-progress - It has come so far.
 * @fires {CustomEvent<{ part, explanation, durationMs }>} gl-explain-done - It is there.
 * @fires {CustomEvent<{ part }>} gl-explain-cancel - The visitor, or `cancel()`, has stopped it.
 * @fires {CustomEvent<{ part, error }>} gl-explain-error - It has failed.
 * @fires {CustomEvent<ClassProbability>} gl-class-select - A class was chosen to be explained.
 * @fires {CustomEvent<SelectedExample>} gl-example-select - A training example was chosen.
 *
 * @csspart part - A part of the explanation: its title and what is below it.
 * @csspart job - Progress, or what went wrong.
 * @csspart machine - The line that tells what it took.
 *
 * @cssprop --gl-size-lead - The size of the parts' titles; 18 px of 16.
 */
export class GlExplainer extends ExplainerProperties {
  static override styles: CSSResultGroup = [tokens, frameStyles, explainerStyles]

  readonly #work: ExplainWork = new ExplainWork(
    (part, state) => {
      this.#follow(part, state)
    },
    () => {
      this.requestUpdate()
    },
  )
  readonly #due = new Set<ExplainPart>()
  /** The class that the visitor has chosen, for this x. */
  #chosen: number | null = null

  /** Computes everything anew. Resolves when nothing is being computed any more, whatever came of it. */
  async explain(): Promise<void> {
    for (const part of parts) this.#due.add(part)
    this.#startDue()
    await this.#work.settled()
  }

  /** Stops what is being computed. What is shown stays. */
  cancel(): void {
    for (const part of parts) this.#work.cancel(part)
  }

  override connectedCallback(): void {
    super.connectedCallback()
    if (this.hasUpdated) this.#startDue()
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    // Moved to another place in the page, it goes on.
    queueMicrotask(() => {
      if (this.isConnected) return
      for (const part of this.#work.interrupt()) this.#due.add(part)
    })
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('x')) this.#chosen = null
    for (const part of parts) {
      if (questions[part].some((name) => changed.has(name))) this.#due.add(part)
    }
    this.#startDue()
  }

  protected override render(): TemplateResult {
    return html`
      <div class="explainer">
        <div class="parts">
          ${this.attribution === null && this.predict === null ? nothing : this.#renderAnswer()}
          ${this.attribution === null ? nothing : this.#renderAttribution()}
          ${this.similarity === null ? nothing : this.#renderSimilarity()}
        </div>
        <p class="machine" part="machine">${this.#runReportLine()}</p>
      </div>
    `
  }

  #renderAnswer(): TemplateResult {
    const { answer } = this.#work
    const value = answer?.outputs.data.length === 1 ? answer.outputs.data[0]! : null
    const isAlone = this.attribution === null
    return html`
      <section class=${isAlone ? 'wide' : ''} part="part" aria-label="Answer">
        <p class="title">What the model answers</p>
        ${
          value !== null && this.labels.length !== 2
            ? html`<p class="value" aria-live="polite">
                ${valueSentence(value, this.truth, this.unit)}
              </p>`
            : html`<gl-probabilities
                .predictions=${answer?.outputs ?? null}
                .labels=${this.labels}
                .truth=${this.truth}
                .selectable=${!isAlone}
                .selected=${this.#target ?? this.#predicted}
                .loading=${answer !== null && answer.x !== this.x}
                selected-note="explained"
                @gl-class-select=${this.#choose}
              ></gl-probabilities>`
        }
        ${isAlone ? this.#renderJob('attribution', 'Asking the model') : nothing}
      </section>
    `
  }

  #renderAttribution(): TemplateResult {
    const { attribution } = this.#work.jobs
    const explanation = attribution.value?.explanation ?? null
    const loading = isOld(attribution)
    const { kind, labels } = this
    const map =
      kind === 'image'
        ? html`<gl-attribution-image
            .explanation=${explanation}
            .loading=${loading}
            .labels=${labels}
            .image=${this.image}
            .ink=${this.ink}
          ></gl-attribution-image>`
        : kind === 'text'
          ? html`<gl-attribution-text
              .explanation=${explanation}
              .loading=${loading}
              .labels=${labels}
              .tokens=${this.tokens}
            ></gl-attribution-text>`
          : html`<gl-attribution-bars
              .explanation=${explanation}
              .loading=${loading}
              .labels=${labels}
              .features=${this.features}
              .values=${this.values}
            ></gl-attribution-bars>`
    return html`
      <section part="part" aria-label="Attribution">
        <p class="title">Which parts it looked at</p>
        ${map} ${this.#renderJob('attribution', 'Attributing the answer')}
      </section>
    `
  }

  #renderSimilarity(): TemplateResult {
    const { similarity } = this.#work.jobs
    const { state, value } = similarity
    const isFitting = state.status === 'busy' && state.progress?.phase === 'fit'
    const doing = isFitting
      ? 'Going through the training examples'
      : 'Ranking the training examples'
    return html`
      <section class="wide" part="part" aria-label="Training examples">
        <div class="head">
          <p class="title">Which training examples made it say so</p>
          ${this.#renderJob('similarity', doing)}
        </div>
        <gl-similar-examples
          .explanation=${value?.explanation ?? null}
          .loading=${isOld(similarity)}
          .kind=${this.kind}
          .examples=${this.examples}
          .urlTemplate=${this.urlTemplate}
          .trainLabels=${this.trainLabels ?? value?.labels ?? null}
          .trainPredictions=${this.trainPredictions}
          .labels=${this.labels}
          .predicted=${this.y === undefined ? this.#predicted : null}
          .features=${this.features}
          .ink=${this.ink}
          .range=${this.range}
          selectable
        ></gl-similar-examples>
      </section>
    `
  }

  #renderJob(part: ExplainPart, doing: string): TemplateResult {
    const { state, value } = this.#work.jobs[part]
    return renderJobRow({
      state,
      doing,
      unit: part === 'similarity' ? 'training examples' : 'steps',
      hasResults: value !== null,
      now: performance.now(),
      cancel: () => {
        this.#work.cancel(part)
      },
      retry: () => {
        this.#start(part)
      },
    })
  }

  #runReportLine(): string {
    const { attribution, similarity } = this.#work.jobs
    const ranking = similarity.value
    const map = attribution.value?.explanation ?? null
    const steps = paramsOf(map)['nSteps']
    return runReportLine({
      devices: [
        ranking &&
          (this.similarity?.device ?? textOf(paramsOf(ranking.explanation)['backendName'])),
        map && this.attribution?.device,
      ],
      fallbackReasons: [
        ranking && this.similarity?.fallbackReason,
        map && this.attribution?.fallbackReason,
      ],
      rows:
        ranking === null ? undefined : countExamples(ranking.explanation, ranking.labels?.shape[0]),
      storedBytes: this.similarity?.gradientBytes,
      fitMs: ranking === null ? undefined : this.#work.fitMs,
      similarityMs: ranking?.durationMs,
      attributionMs:
        map !== null && attribution.state.status === 'done'
          ? attribution.state.durationMs
          : undefined,
      steps: typeof steps === 'number' ? steps : undefined,
    })
  }

  /** The class that is asked for, by the visitor or the page. */
  get #target(): number | null {
    return this.#chosen ?? this.target
  }

  /** The class that the model says. */
  get #predicted(): number | null {
    const { answer } = this.#work
    return answer === null ? null : predictedClass(answer.outputs, this.labels)
  }

  readonly #choose = ({ detail }: CustomEvent<ClassProbability>): void => {
    this.#chosen = detail.index
    this.#start('attribution')
  }

  #startDue(): void {
    if (!this.isConnected) return
    const due = [...this.#due]
    this.#due.clear()
    for (const part of due) this.#start(part)
  }

  #start(part: ExplainPart): void {
    const { similarity, attribution, predict, x, y, xTrain, yTrain, labels } = this
    const { similarityOptions, attributionOptions } = this
    this.#work.start(part, {
      similarity,
      attribution,
      predict,
      x,
      y,
      target: this.#target,
      xTrain,
      yTrain,
      similarityOptions,
      attributionOptions,
      labels,
    })
  }

  #follow(part: ExplainPart, state: JobState): void {
    this.requestUpdate()
    switch (state.status) {
      case 'busy':
        if (state.progress === null) {
          setTimeout(() => {
            this.requestUpdate()
          }, showProgressAfterMs)
          this.dispatchEvent(explainEvent('gl-explain-start', { part }))
        } else {
          this.dispatchEvent(explainEvent('gl-explain-progress', { part, ...state.progress }))
        }
        break
      case 'done': {
        const { durationMs } = state
        const explanation = this.#work.jobs[part].value?.explanation ?? null
        this.dispatchEvent(explainEvent('gl-explain-done', { part, explanation, durationMs }))
        break
      }
      case 'cancelled':
        this.dispatchEvent(explainEvent('gl-explain-cancel', { part }))
        break
      case 'failed':
        this.dispatchEvent(explainEvent('gl-explain-error', { part, error: state.error }))
        break
      case 'idle':
        break
    }
  }
}

/** Whether what a job shows is of an earlier request. */
function isOld({ state, value }: Job<unknown>): boolean {
  return state.status === 'busy' || (value !== null && state.status !== 'done')
}

function paramsOf(explanation: GivenExplanation | null): Readonly<Record<string, unknown>> {
  const params = explanation?.meta['params']
  return isRecord(params) ? params : {}
}

/** How many training examples were ranked, or are labelled where only the most similar were. */
function countExamples({ data }: GivenExplanation, labelCount = 0): number | undefined {
  const { scores } = data
  const ranked = isNdArray(scores) ? (scores.shape[1] ?? 0) : 0
  return Math.max(ranked, labelCount) || undefined
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined

declare global {
  interface HTMLElementTagNameMap {
    'gl-explainer': GlExplainer
  }
}

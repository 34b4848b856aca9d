import { html, nothing, type CSSResultGroup, type PropertyValues, type TemplateResult } from 'lit'
import { isGradlensError } from '../../errors.js'
import { isRecord } from '../../is-record.js'
import { isNdArray, type GivenExplanation } from '../base/explanation-source.js'
import { frameStyles } from '../base/frame.styles.js'
import { tokens } from '../base/tokens.js'
import type { ClassProbability } from '../probabilities/class-probabilities.js'
import type { Job, JobState } from '../progress/job.js'
import { formatRunReport } from '../text/run-report.js'
import { describeValue, findPredictedClass } from './answer.js'
import { ExplainWork, type Question } from './explain-work.js'
import { createExplainEvent, type ExplainPart } from './explainer-events.js'
import { ExplainerProperties } from './explainer-properties.js'
import { explainerStyles } from './explainer.styles.js'
import { renderAttribution } from './render-attribution.js'

/**
 * The properties that each part is computed from. A change of one of them starts a new computation.
 */
const questions: Readonly<Record<ExplainPart, readonly (keyof Question)[]>> = {
  attribution: ['x', 'predict', 'attribution', 'attributionOptions', 'target'],
  similarity: ['x', 'y', 'similarity', 'similarityOptions', 'xTrain', 'yTrain'],
}
const parts: readonly ExplainPart[] = ['attribution', 'similarity']

/**
 * Explains one example with a model and two explainers: the prediction, the parts of the example
 * that the model looked at, and the training examples behind the prediction. It fits the explainer
 * first if it is given training data, shows progress, and can be cancelled. Of several requests,
 * only the last one counts.
 *
 * @tagname gl-explainer
 *
 * @fires {CustomEvent<{ part }>} gl-explain-start - The computation of a part started.
 * @fires {CustomEvent<{ part, phase, done, total }>} gl-explain-progress - The computation of a
 * part progressed.
 * @fires {CustomEvent<{ part, explanation, durationMs }>} gl-explain-done - A part was computed and
 * is shown.
 * @fires {CustomEvent<{ part }>} gl-explain-cancel - The user or `cancel()` stopped a part.
 * @fires {CustomEvent<{ part, error }>} gl-explain-error - A part failed.
 * @fires {CustomEvent<ClassProbability>} gl-class-select - The user chose a class to explain.
 * @fires {CustomEvent<SelectedExample>} gl-example-select - The user chose a training example.
 *
 * @csspart part - A part of the explanation with its title.
 * @csspart progress - The `<gl-progress>` of a part.
 * @csspart run-report - The line with the device, the counts and the times.
 *
 * @cssprop --gl-size-lead - The font size of the parts' titles. Default 1.125rem.
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
  /** The class that the user chose for this x. */
  #chosen: number | null = null

  /** Computes both parts again. Resolves when they are finished, cancelled or failed. */
  async explain(): Promise<void> {
    for (const part of parts) this.#due.add(part)
    this.#startDue()
    await this.#work.waitUntilIdle()
  }

  /** Stops the running computations. The results shown stay. */
  cancel(): void {
    for (const part of parts) this.#work.cancel(part)
  }

  override connectedCallback(): void {
    super.connectedCallback()
    if (this.hasUpdated) this.#startDue()
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    // An element that is moved within the page continues.
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
      <div class="root explainer">
        <div class="parts">
          ${this.attribution === null && this.predict === null ? nothing : this.#renderAnswer()}
          ${this.attribution === null ? nothing : this.#renderAttribution()}
          ${this.similarity === null ? nothing : this.#renderSimilarity()}
        </div>
        <p class="run-report" part="run-report">${this.#formatRunReport()}</p>
      </div>
    `
  }

  #renderAnswer(): TemplateResult {
    const { answer } = this.#work
    const value = answer?.outputs.data.length === 1 ? answer.outputs.data[0]! : null
    const isAlone = this.attribution === null
    return html`
      <section class=${isAlone ? 'wide' : ''} part="part" aria-label="Prediction">
        <p class="title">What the model predicts</p>
        ${
          value !== null && this.labels.length !== 2
            ? html`<p class="value" aria-live="polite">
                ${describeValue(value, this.truth, this.unit)}
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
        ${isAlone ? this.#renderProgress('attribution', 'Running the model') : nothing}
      </section>
    `
  }

  #renderAttribution(): TemplateResult {
    const { attribution } = this.#work.jobs
    const explanation = attribution.value?.explanation ?? null
    const loading = isStale(attribution)
    return html`
      <section part="part" aria-label="Attribution">
        <p class="title">Which parts it looked at</p>
        ${renderAttribution(this, explanation, loading)}
        ${this.#renderProgress('attribution', 'Computing the attribution')}
      </section>
    `
  }

  #renderSimilarity(): TemplateResult {
    const { similarity } = this.#work.jobs
    const { state, value } = similarity
    const isFitting = state.status === 'busy' && state.progress?.phase === 'fit'
    const doing = isFitting
      ? 'Computing the gradients of the training examples'
      : 'Ranking the training examples'
    return html`
      <section class="wide" part="part" aria-label="Training examples">
        <div class="head">
          <p class="title">Which training examples made it say so</p>
          ${this.#renderProgress('similarity', doing)}
        </div>
        <gl-similar-examples
          .explanation=${value?.explanation ?? null}
          .loading=${isStale(similarity)}
          .kind=${this.kind}
          .examples=${this.examples}
          .urlTemplate=${this.urlTemplate}
          .channels=${this.channels}
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

  #renderProgress(part: ExplainPart, doing: string): TemplateResult {
    const { state } = this.#work.jobs[part]
    return html`<gl-progress
      part="progress"
      .state=${state}
      .doing=${doing}
      .unit=${part === 'similarity' ? 'training examples' : 'steps'}
      .hint=${state.status === 'failed' ? describeRemedy(state.error) : ''}
      cancellable
      @gl-progress-cancel=${() => {
        this.#work.cancel(part)
      }}
      @gl-progress-retry=${() => {
        this.#start(part)
      }}
    ></gl-progress>`
  }

  #formatRunReport(): string {
    const { attribution, similarity } = this.#work.jobs
    const ranking = similarity.value
    const map = attribution.value?.explanation ?? null
    const steps = getParams(map)['nSteps']
    return formatRunReport({
      devices: [
        ranking &&
          (this.similarity?.device ?? asText(getParams(ranking.explanation)['backendName'])),
        map && this.attribution?.device,
      ],
      fallbackReasons: [
        ranking && this.similarity?.fallbackReason,
        map && this.attribution?.fallbackReason,
      ],
      exampleCount:
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

  /** The class that the user or the page chose. */
  get #target(): number | null {
    return this.#chosen ?? this.target
  }

  /** The class that the model predicts. */
  get #predicted(): number | null {
    const { answer } = this.#work
    return answer === null ? null : findPredictedClass(answer.outputs, this.labels)
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
          this.dispatchEvent(createExplainEvent('gl-explain-start', { part }))
        } else {
          this.dispatchEvent(createExplainEvent('gl-explain-progress', { part, ...state.progress }))
        }
        break
      case 'done': {
        const { durationMs } = state
        const explanation = this.#work.jobs[part].value?.explanation ?? null
        this.dispatchEvent(createExplainEvent('gl-explain-done', { part, explanation, durationMs }))
        break
      }
      case 'cancelled':
        this.dispatchEvent(createExplainEvent('gl-explain-cancel', { part }))
        break
      case 'failed':
        this.dispatchEvent(createExplainEvent('gl-explain-error', { part, error: state.error }))
        break
      case 'idle':
        break
    }
  }
}

/** Whether the value of a job belongs to an earlier request. */
function isStale<Value>({ state, value }: Job<Value>): boolean {
  return state.status === 'busy' || (value !== null && state.status !== 'done')
}

function getParams(explanation: GivenExplanation | null): Readonly<Record<string, unknown>> {
  const params = explanation?.meta['params']
  return isRecord(params) ? params : {}
}

/**
 * The number of training examples: those ranked, or those labelled if only the most similar were
 * ranked.
 */
function countExamples({ data }: GivenExplanation, labelCount = 0): number | undefined {
  const { scores } = data
  const ranked = isNdArray(scores) ? (scores.shape[1] ?? 0) : 0
  return Math.max(ranked, labelCount) || undefined
}

const asText = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined

/**
 * What to do in this element about an error; '' for errors whose message already says what to do.
 */
function describeRemedy(error: unknown): string {
  if (isGradlensError(error, 'NotFittedError')) {
    return 'In <gl-explainer>: set xTrain and yTrain, or fit the explainer before you set it.'
  }
  if (isGradlensError(error, 'InvalidArgumentError') && error.argument === 'target') {
    return 'In <gl-explainer>: set target, or set predict, whose greatest output is then explained.'
  }
  return ''
}

declare global {
  interface HTMLElementTagNameMap {
    'gl-explainer': GlExplainer
  }
}

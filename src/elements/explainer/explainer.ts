import { html, nothing, type CSSResultGroup, type PropertyValues, type TemplateResult } from 'lit'
import { frameStyles } from '../base/frame.styles.js'
import { tokens } from '../base/tokens.js'
import type { ClassProbability } from '../probabilities/class-probabilities.js'
import { isStale, type JobOptions, type JobState } from '../progress/job.js'
import { describeAnswer, findPredictedClass } from './answer.js'
import { describeRun } from './describe-run.js'
import { ExplainWork, type Question } from './explain-work.js'
import { createExplainEvent, type ExplainPart } from './explainer-events.js'
import { ExplainerProperties } from './explainer-properties.js'
import { readNouns } from '../similar-examples/wording/nouns.js'
import { capitalize } from '../text/words.js'
import { explainerStyles } from './explainer.styles.js'
import type { RankingLike } from './rankings/ranking.js'
import { RankingsWork } from './rankings/rankings-work.js'
import { renderRankings } from './rankings/render-rankings.js'
import { renderAttribution } from './render/render-attribution.js'
import { renderExamples } from './render/render-examples.js'
import { renderProgress } from './render/render-progress.js'
import { renderVerdict } from './render/render-verdict.js'

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
 * @fires {CustomEvent<PointedExample>} gl-example-focus - The pointer or the focus moved to a training
 * example.
 *
 * @slot start - Shown in place of the sentence on top until the model has answered, such as a button
 * that loads the model.
 * @slot example - The example, shown to the left of the prediction.
 * @slot answer-title - The title of the prediction. Default: 'What the model predicts'.
 * @slot attribution-title - The title of the attribution. Default: 'Which parts it looked at'.
 * @slot similarity-title - The title of the similar examples. Default: 'Which training examples made
 * it say so'.
 * @slot answer - More about the prediction, below it.
 * @slot attribution - More about the attribution, below it.
 * @slot similarity - More about the similar examples, below them.
 *
 * @csspart verdict - The sentence on top: what the model says.
 * @csspart part - A part of the explanation with its title.
 * @csspart ranking - One of the rankings that are compared.
 * @csspart progress - The `<gl-progress>` of a part.
 * @csspart run-report - The line with the device, the counts and the times.
 *
 * @cssprop --gl-size-lead - The font size of the parts' titles. Default 1.125rem.
 * @cssprop [--gl-picture-size=252px] - The side of the example's column and of its map, where all parts
 * are next to each other.
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
  readonly #rankings: RankingsWork = new RankingsWork(() => {
    this.requestUpdate()
  })
  /** The class that the user chose for this x. */
  #chosen: number | null = null
  #verdict = ''

  /**
   * Computes both parts and the rankings that are shown again. Resolves when they are finished, cancelled
   * or failed.
   */
  async explain(): Promise<void> {
    for (const part of parts) this.#due.add(part)
    this.#rankings.invalidate()
    this.#startDue()
    await Promise.all([this.#work.waitUntilIdle(), this.#rankings.waitUntilIdle()])
  }

  /** Stops the running computations. The results shown stay. */
  cancel(): void {
    for (const part of parts) this.#work.cancel(part)
    for (const each of this.#rankings.jobs) this.#rankings.cancel(each)
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
      this.#rankings.interrupt()
    })
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('x')) this.#chosen = null
    for (const part of parts) {
      if (questions[part].some((name) => changed.has(name))) this.#due.add(part)
    }
    this.#rankings.note(changed, this.rankings)
    this.#startDue()
  }

  protected override render(): TemplateResult {
    const { answer } = this.#work
    const isAsked = this.attribution !== null || this.predict !== null
    const hasAnswer =
      isAsked && (!this.#isValue || this.#has('answer') || this.#has('answer-title'))
    // The sentence is about the example that the answer is for, also while the next one is computed.
    if (answer === null) this.#verdict = ''
    else if (answer.x === this.x) this.#verdict = describeAnswer(answer.outputs, this)
    return html`
      <div class="root explainer" data-kind=${this.kind}>
        ${
          isAsked
            ? renderVerdict(this.#verdict, {
                hasAnswer: answer !== null,
                isStale: answer !== null && answer.x !== this.x,
                hasStart: this.#has('start'),
              })
            : nothing
        }
        <div class="parts" data-parts=${this.#listParts(hasAnswer).join(' ')}>
          ${
            this.#has('example')
              ? html`<section class="example" part="part" aria-label="Example">
                  <slot name="example"></slot>
                </section>`
              : nothing
          }
          ${hasAnswer ? this.#renderAnswer() : nothing}
          ${this.attribution === null ? nothing : this.#renderAttribution()}
          ${this.similarity === null ? nothing : this.#renderSimilarity()}
        </div>
        ${this.rankings.length === 0 ? nothing : this.#renderRankings()}
        <p class="run-report" part="run-report">${describeRun(this.#work, this)}</p>
      </div>
    `
  }

  #renderAnswer(): TemplateResult {
    const { answer } = this.#work
    const isAlone = this.attribution === null
    return html`
      <section class="answer" part="part" aria-label="Prediction">
        <slot name="answer-title"><p class="title">What the model predicts</p></slot>
        ${
          this.#isValue
            ? nothing
            : html`<gl-probabilities
                .predictions=${answer?.outputs ?? null}
                .labels=${this.labels}
                .truth=${this.truth}
                .top=${this.top}
                .selectable=${!isAlone}
                .selected=${this.#target ?? this.#predicted}
                .loading=${answer !== null && answer.x !== this.x}
                selected-note="explained"
                @gl-class-select=${this.#choose}
              ></gl-probabilities>`
        }
        ${isAlone ? this.#renderProgress('attribution', 'Running the model') : nothing}
        <slot name="answer"></slot>
      </section>
    `
  }

  #renderAttribution(): TemplateResult {
    const { attribution } = this.#work.jobs
    const explanation = attribution.value?.explanation ?? null
    const loading = isStale(attribution)
    return html`
      <section class="attribution" part="part" aria-label="Attribution">
        <slot name="attribution-title"><p class="title">Which parts it looked at</p></slot>
        <div class="work">
          ${renderAttribution(this, { explanation, loading, hasExample: this.#has('example') })}
          ${this.#renderProgress('attribution', 'Computing the attribution')}
        </div>
        <slot name="attribution"></slot>
      </section>
    `
  }

  #renderSimilarity(): TemplateResult {
    const { similarity } = this.#work.jobs
    const { state } = similarity
    const isFitting = state.status === 'busy' && state.progress?.phase === 'fit'
    const { many } = readNouns(this.nouns)
    const doing = isFitting ? `Computing the gradients of the ${many}` : `Ranking the ${many}`
    return html`
      <section class="similarity" part="part" aria-label=${capitalize(many)}>
        <slot name="similarity-title">
          <p class="title">Which ${many} led to it</p>
        </slot>
        <div class="work">
          ${renderExamples(this, similarity, this.#predicted)}
          ${this.#renderProgress('similarity', doing)}
        </div>
        <slot name="similarity"></slot>
      </section>
    `
  }

  #renderRankings(): TemplateResult {
    const rankings = this.#rankings
    return renderRankings(this, {
      jobs: rankings.jobs,
      isOpen: rankings.isOpen,
      predicted: this.#predicted,
      toggle: ({ target }) => {
        rankings.isOpen = (target as HTMLDetailsElement).open
        this.#startDue()
        this.requestUpdate()
      },
      cancel: (each) => {
        rankings.cancel(each)
      },
      retry: (each) => {
        rankings.startOne(each, this, this.#fitRanking)
      },
    })
  }

  #renderProgress(part: ExplainPart, doing: string): TemplateResult {
    return renderProgress(this.#work.jobs[part].state, {
      doing,
      unit: part === 'similarity' ? readNouns(this.nouns).many : 'steps',
      cancel: () => {
        this.#work.cancel(part)
      },
      retry: () => {
        this.#start(part)
      },
    })
  }

  /** Whether the page fills the slot. */
  #has(slot: string): boolean {
    return this.querySelector(`:scope > [slot="${slot}"]`) !== null
  }

  /** Whether the model outputs a value, which the sentence on top says, and not probabilities. */
  get #isValue(): boolean {
    if (this.unit !== '') return true
    return this.#work.answer?.outputs.data.length === 1 && this.labels.length !== 2
  }

  #listParts(hasAnswer: boolean): string[] {
    const present = {
      example: this.#has('example'),
      answer: hasAnswer,
      attribution: this.attribution !== null,
      similarity: this.similarity !== null,
    }
    return Object.entries(present).flatMap(([part, isPresent]) => (isPresent ? [part] : []))
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
    this.#rankings.startDue(this, this.#fitRanking)
  }

  readonly #fitRanking = (explainer: RankingLike, options: JobOptions): Promise<unknown> => {
    const { similarity, xTrain, yTrain } = this
    // The fit of an explainer that also ranks above is shared.
    return explainer === similarity
      ? this.#work.fit({ similarity, xTrain, yTrain }, options)
      : this.#rankings.fitOwn(explainer, { xTrain, yTrain }, options)
  }

  #start(part: ExplainPart): void {
    const { similarity, attribution, predict, x, y, xTrain, yTrain, labels } = this
    const { similarityOptions, attributionOptions, explainedIndex } = this
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
      explainedIndex,
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

declare global {
  interface HTMLElementTagNameMap {
    'gl-explainer': GlExplainer
  }
}

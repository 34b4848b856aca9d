import type { GivenExplanation } from '../base/explanation-source.js'
import { readExplanation } from '../base/source/open-explanation.js'
import { Job, type JobOptions, type JobState } from '../progress/job.js'
import { SharedWork } from '../progress/shared-work.js'
import { findPredictedClass, getOutputs, readOutputs, type Outputs } from './answer.js'
import type { ExplainPart } from './explainer-events.js'
import type { ExplainerProperties } from './explainer-properties.js'
import { isGiven, readRankedResult, type RankedResult } from './ranked-result.js'

/** The properties that an explanation is computed from. */
export type Question = Pick<
  ExplainerProperties,
  | 'similarity'
  | 'attribution'
  | 'predict'
  | 'x'
  | 'y'
  | 'target'
  | 'xTrain'
  | 'yTrain'
  | 'similarityOptions'
  | 'attributionOptions'
  | 'labels'
  | 'explainedIndex'
>

export interface AttributionResult {
  /** Null if there is no explainer and only the model was asked. */
  readonly explanation: GivenExplanation | null
}

export interface SimilarityResult extends RankedResult {
  /** How long the ranking took, in ms, without the fit. */
  readonly durationMs: number
}

/** The model's answer for an example. */
export interface Answer {
  readonly x: unknown
  readonly outputs: Outputs
}

/** The computations of an explainer element: one job for each part. */
export class ExplainWork {
  readonly jobs: {
    readonly attribution: Job<AttributionResult>
    readonly similarity: Job<SimilarityResult>
  }
  readonly #fit = new SharedWork<unknown>()
  readonly #prediction = new SharedWork<Outputs>()
  readonly #running = new Set<Promise<unknown>>()
  readonly #onAnswer: () => void
  #answer: Answer | null = null

  /**
   * @param onChange is called with every new state of a job
   * @param onAnswer is called when the model has answered
   */
  constructor(onChange: (part: ExplainPart, state: JobState) => void, onAnswer: () => void) {
    this.#onAnswer = onAnswer
    this.jobs = {
      attribution: new Job((state) => {
        onChange('attribution', state)
      }),
      similarity: new Job((state) => {
        onChange('similarity', state)
      }),
    }
  }

  /** The model's latest answer. */
  get answer(): Answer | null {
    return this.#answer
  }

  /** How long the fit took, in ms; undefined if the element did not fit. */
  get fitMs(): number | undefined {
    return this.#fit.durationMs
  }

  /** Computes a part, or clears it if something that it needs is missing. */
  start(part: ExplainPart, question: Question): void {
    const { x, predict, attribution, similarity } = question
    const hasExample = x !== null && x !== undefined
    if (part === 'attribution') {
      if (hasExample && (predict !== null || attribution !== null)) {
        this.#track(this.jobs.attribution.run((options) => this.#attribute(question, options)))
      } else {
        this.#answer = null
        this.jobs.attribution.reset()
      }
    } else if (hasExample && similarity !== null) {
      this.#track(this.jobs.similarity.run((options) => this.#rank(question, options)))
    } else {
      this.jobs.similarity.reset()
      if (similarity === null) this.#fit.drop(createAbortError('The explainer was removed.'))
    }
  }

  /** Fits the similarity with the training examples, once. */
  fit(
    { similarity, xTrain, yTrain }: Pick<Question, 'similarity' | 'xTrain' | 'yTrain'>,
    options: JobOptions,
  ): Promise<unknown> {
    return this.#fit.get(
      [similarity, xTrain, yTrain],
      async (call) => similarity?.fit?.(xTrain, yTrain, call),
      options,
    )
  }

  cancel(part: ExplainPart): void {
    this.jobs[part].cancel()
    const shared = part === 'similarity' ? this.#fit : this.#prediction
    shared.drop(createAbortError('The request was cancelled.'))
  }

  /** Aborts the running parts because the element left the page. Returns those parts. */
  interrupt(): ExplainPart[] {
    const reason = createAbortError('The element was removed from the page.')
    this.#fit.drop(reason)
    this.#prediction.drop(reason)
    const parts = (['attribution', 'similarity'] as const).filter(
      (part) => this.jobs[part].state.status === 'busy',
    )
    for (const part of parts) this.jobs[part].interrupt(reason)
    return parts
  }

  /** Resolves when no part is running. */
  async waitUntilIdle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  #track(run: Promise<unknown>): void {
    this.#running.add(run)
    void run.finally(() => this.#running.delete(run))
  }

  async #attribute(question: Question, options: JobOptions): Promise<AttributionResult> {
    const { x, attribution, attributionOptions, labels } = question
    const outputs = await this.#ask(question, options)
    if (attribution === null) return { explanation: null }
    const predicted = outputs === null ? null : findPredictedClass(outputs, labels)
    const target = question.target ?? predicted
    const call = { ...attributionOptions, ...options, ...(target === null ? {} : { target }) }
    const explanation = readExplanation(await attribution.explain(x, call))
    options.signal.throwIfAborted()
    const known = outputs ?? getOutputs(explanation)
    this.#answer = known === null ? null : { x, outputs: known }
    return { explanation }
  }

  /** The model's outputs for x, computed once and shown before the attribution. */
  async #ask({ x, predict }: Question, options: JobOptions): Promise<Outputs | null> {
    if (predict === null) return null
    const outputs = await this.#prediction.get(
      [x, predict],
      async ({ signal }) => readOutputs(await predict(x, { signal })),
      options,
    )
    this.#answer = { x, outputs }
    this.#onAnswer()
    return outputs
  }

  async #rank(question: Question, options: JobOptions): Promise<SimilarityResult> {
    const { x, y, similarity, similarityOptions, xTrain, yTrain } = question
    if (similarity === null) throw new TypeError('similarity is null')
    if (isGiven(xTrain) && similarity.fit !== undefined) {
      await this.fit({ similarity, xTrain, yTrain }, options)
    }
    const startedAt = performance.now()
    const returned = await similarity.explain(x, y, { ...similarityOptions, ...options })
    const durationMs = performance.now() - startedAt
    return { ...(await readRankedResult(returned, question)), durationMs }
  }
}

const createAbortError = (message: string): DOMException => new DOMException(message, 'AbortError')

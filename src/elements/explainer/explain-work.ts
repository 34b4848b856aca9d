import { toNdArray, type ArrayInput, type NdArray } from '../../ndarray.js'
import { readExplanation, type GivenExplanation } from '../base/explanation-source.js'
import { outputsOf, predictedClass, readOutputs, type Outputs } from './answer.js'
import type { ExplainPart } from './explainer-events.js'
import type { ExplainerProperties } from './explainer-properties.js'
import { Job, type JobOptions, type JobState } from './job.js'
import { SharedFit } from './shared-fit.js'
import type { Predict } from './structural-explainers.js'

/** What is asked, of whom. */
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
>

export interface AttributionResult {
  /** Null if only the model was asked. */
  readonly explanation: GivenExplanation | null
}

export interface SimilarityResult {
  readonly explanation: GivenExplanation
  /** What the ranking took, without a fit. */
  readonly durationMs: number
  /** The labels of the training examples, where they were given. */
  readonly labels: NdArray | null
}

/** An answer of the model, and what it was asked about. */
export interface Answer {
  readonly x: unknown
  readonly outputs: Outputs
}

/** What an explainer element computes: two jobs, of each of which the last request counts. */
export class ExplainWork {
  readonly jobs: {
    readonly attribution: Job<AttributionResult>
    readonly similarity: Job<SimilarityResult>
  }
  readonly #fit = new SharedFit()
  readonly #running = new Set<Promise<void>>()
  readonly #answered: () => void
  #asked: {
    readonly x: unknown
    readonly predict: Predict
    readonly outputs: Promise<Outputs>
  } | null = null
  #answer: Answer | null = null

  /** @param changed is told of every state of a job, @param answered of every answer of the model */
  constructor(changed: (part: ExplainPart, state: JobState) => void, answered: () => void) {
    this.#answered = answered
    this.jobs = {
      attribution: new Job((state) => {
        changed('attribution', state)
      }),
      similarity: new Job((state) => {
        changed('similarity', state)
      }),
    }
  }

  /** What the model answered last. */
  get answer(): Answer | null {
    return this.#answer
  }

  /** How long the fit took, in ms; undefined without one. */
  get fitMs(): number | undefined {
    return this.#fit.durationMs
  }

  /** Computes a part, or clears it where something is missing that it needs. */
  start(part: ExplainPart, question: Question): void {
    const { x, predict, attribution, similarity } = question
    const hasExample = x !== null && x !== undefined
    if (part === 'attribution') {
      if (hasExample && (predict !== null || attribution !== null)) {
        this.#follow(this.jobs.attribution.run((options) => this.#attribute(question, options)))
      } else {
        this.#answer = null
        this.jobs.attribution.reset()
      }
    } else if (hasExample && similarity !== null) {
      this.#follow(this.jobs.similarity.run((options) => this.#rank(question, options)))
    } else {
      this.jobs.similarity.reset()
      if (similarity === null) this.#fit.drop(cancelled())
    }
  }

  cancel(part: ExplainPart): void {
    this.jobs[part].cancel()
    if (part === 'similarity') this.#fit.drop(cancelled())
  }

  /** Ends what runs; the parts that did. */
  interrupt(): ExplainPart[] {
    this.#fit.drop(new DOMException('The element has left the page.', 'AbortError'))
    return (['attribution', 'similarity'] as const).filter((part) => this.jobs[part].interrupt())
  }

  /** Resolves when nothing runs any more. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  #follow(run: Promise<void>): void {
    this.#running.add(run)
    void run.finally(() => this.#running.delete(run))
  }

  async #attribute(question: Question, options: JobOptions): Promise<AttributionResult> {
    const { x, attribution, attributionOptions, labels } = question
    const outputs = await this.#ask(question, options)
    if (attribution === null) return { explanation: null }
    const predicted = outputs === null ? null : predictedClass(outputs, labels)
    const target = question.target ?? predicted
    const call = { ...attributionOptions, ...options, ...(target === null ? {} : { target }) }
    const explanation = readExplanation(await attribution.explain(x, call))
    options.signal.throwIfAborted()
    const carried = outputs ?? outputsOf(explanation)
    this.#answer = carried === null ? null : { x, outputs: carried }
    return { explanation }
  }

  /** What the model says of x, which it is asked once; shown at once. */
  async #ask({ x, predict }: Question, { signal }: JobOptions): Promise<Outputs | null> {
    if (predict === null) return null
    let asked = this.#asked
    if (asked === null || asked.x !== x || asked.predict !== predict) {
      const outputs = Promise.resolve()
        .then(() => predict(x, { signal }))
        .then(readOutputs)
      const asking = { x, predict, outputs }
      asked = asking
      this.#asked = asking
      outputs.catch(() => {
        if (this.#asked === asking) this.#asked = null
      })
    }
    const outputs = await asked.outputs
    signal.throwIfAborted()
    this.#answer = { x, outputs }
    this.#answered()
    return outputs
  }

  async #rank(question: Question, options: JobOptions): Promise<SimilarityResult> {
    const { x, y, similarity, similarityOptions, xTrain, yTrain } = question
    if (similarity === null) throw new TypeError('nothing to rank with')
    if (isGiven(xTrain) && similarity.fit !== undefined) {
      await this.#fit.of(similarity, xTrain, yTrain, options)
    }
    const startedAt = performance.now()
    const returned = await similarity.explain(x, y, { ...similarityOptions, ...options })
    const durationMs = performance.now() - startedAt
    const explanation = readExplanation(returned)
    const labels = isGiven(yTrain) ? await toNdArray('yTrain', yTrain as ArrayInput) : null
    return { explanation, durationMs, labels }
  }
}

const isGiven = (value: unknown): boolean => value !== null && value !== undefined

const cancelled = (): DOMException => new DOMException('It was cancelled.', 'AbortError')

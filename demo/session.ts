import type { NdArray } from 'gradlens'
import { Job, SharedWork, type JobOptions, type JobState } from 'gradlens/elements'
import { methods, simFns, type Settings, type SimFn } from './settings.js'
import type { Attribution, DataSetName, Fit, Prediction, Similarity } from './workers/protocol.js'
import { WorkerClient } from './workers/worker-client.js'

/** The example that the user asks about. */
export interface Question {
  /** The model's input, [1, …]. */
  readonly input: NdArray
  /** Its class, or its value in a regression; undefined for an example that the user made. */
  readonly truth: number | undefined
}

export interface Answer {
  readonly question: Question
  readonly prediction: Prediction
}

export interface Ranking {
  readonly fit: Fit
  readonly similarity: Similarity
}

export interface SessionOptions {
  readonly dataSet: DataSetName
  /** The absolute URL of the data, with a trailing slash. */
  readonly folder: string
  readonly settings: Settings
  /** Whether the true value is explained, as in a regression, and not the prediction. */
  readonly explainsTruth?: boolean
}

export interface SessionViews {
  answer(state: JobState<Answer>): void
  target(target: number | undefined): void
  attribution(state: JobState<Attribution>): void
  ranking(state: JobState<Ranking>): void
  /** The same attribution, computed by every quadrature. */
  quadratures?(state: JobState<readonly Attribution[]>): void
  /** The same ranking, computed by every similarity function. */
  similarities?(state: JobState<readonly Similarity[]>): void
}

/**
 * The questions of the user and the jobs that answer them. One worker predicts and attributes,
 * while another one compares the training examples.
 */
export class Session {
  readonly #views: SessionViews
  readonly #explainsTruth: boolean
  readonly #answering: WorkerClient
  readonly #ranking: WorkerClient
  readonly #answerJob: Job<Answer>
  readonly #attributionJob: Job<Attribution>
  readonly #rankingJob: Job<Ranking>
  readonly #quadraturesJob: Job<readonly Attribution[]>
  readonly #similaritiesJob: Job<readonly Similarity[]>
  readonly #fit = new SharedWork<Fit>()
  #settings: Settings
  #question: Question | undefined
  #target: number | undefined
  #wantsQuadratures = false
  #wantsSimilarities = false

  constructor(
    { dataSet, folder, settings, explainsTruth = false }: SessionOptions,
    views: SessionViews,
  ) {
    this.#settings = settings
    this.#views = views
    this.#explainsTruth = explainsTruth
    const start = { dataSet, folder, device: settings.device }
    this.#answering = new WorkerClient(start)
    this.#ranking = new WorkerClient(start)
    this.#answerJob = new Job((state) => {
      views.answer(state)
    })
    this.#attributionJob = new Job((state) => {
      views.attribution(state)
    })
    this.#rankingJob = new Job((state) => {
      views.ranking(state)
    })
    this.#quadraturesJob = new Job((state) => {
      views.quadratures?.(state)
    })
    this.#similaritiesJob = new Job((state) => {
      views.similarities?.(state)
    })
  }

  get settings(): Settings {
    return this.#settings
  }

  /** Explains an example; undefined clears the question. */
  ask(question: Question | undefined): void {
    this.#question = question
    this.#setTarget(undefined)
    if (question === undefined) {
      this.#answerJob.interrupt()
      this.#attributionJob.interrupt()
      this.#rankingJob.interrupt()
      this.#quadraturesJob.interrupt()
      this.#similaritiesJob.interrupt()
    } else {
      void this.answer()
      void this.rank()
    }
  }

  /** Explains this class instead of the predicted one. */
  choose(target: number): void {
    this.#setTarget(target)
    void this.attribute()
  }

  change(change: Partial<Settings>): void {
    this.#settings = { ...this.#settings, ...change }
    if ('device' in change) {
      void this.answer()
      void this.rank()
    } else if ('simFn' in change || 'references' in change || 'gradients' in change) {
      void this.rank()
    } else {
      void this.attribute()
    }
  }

  /** Computes the prediction and then its attribution. */
  async answer(): Promise<void> {
    const question = this.#question
    if (question === undefined) return
    this.#attributionJob.interrupt()
    const answer = await this.#answerJob.run(async ({ signal }) => {
      const { input } = question
      const { device } = this.#settings
      const prediction = await this.#answering.call('predict', { input, device }, { signal })
      return { question, prediction }
    })
    if (answer === undefined) return
    this.#setTarget(this.#target ?? answer.prediction.label)
    await this.attribute()
  }

  async attribute(): Promise<void> {
    const { method, steps, device } = this.#settings
    const input = this.#question?.input
    const target = this.#target
    if (input === undefined || target === undefined) return
    const attribution = await this.#attributionJob.run((options) =>
      this.#answering.call('attribute', { input, target, method, steps, device }, options),
    )
    if (attribution !== undefined && this.#wantsQuadratures) await this.compareQuadratures()
  }

  /** Turns the comparison of the quadratures on or off. */
  wantQuadratures(wanted: boolean): void {
    this.#wantsQuadratures = wanted
    if (wanted) void this.compareQuadratures()
    else this.#quadraturesJob.interrupt()
  }

  async compareQuadratures(): Promise<void> {
    const { steps, device } = this.#settings
    const input = this.#question?.input
    const target = this.#target
    if (input === undefined || target === undefined) return
    await this.#quadraturesJob.run(async ({ signal, onProgress }) => {
      const attributions: Attribution[] = []
      for (const method of methods) {
        const asked = { input, target, method, steps, device }
        attributions.push(await this.#answering.call('attribute', asked, { signal }))
        onProgress({ phase: 'explain', done: attributions.length, total: methods.length })
      }
      return attributions
    })
  }

  async rank(): Promise<void> {
    const question = this.#question
    if (question === undefined) return
    const ranking = await this.#rankingJob.run(async (options) => {
      const fit = await this.#getFit(options)
      return { fit, similarity: await this.#rank(question, this.#settings.simFn, options) }
    })
    if (ranking !== undefined && this.#wantsSimilarities) await this.compareSimilarities()
  }

  /** Turns the comparison of the similarity functions on or off. */
  wantSimilarities(wanted: boolean): void {
    this.#wantsSimilarities = wanted
    if (wanted) void this.compareSimilarities()
    else this.#similaritiesJob.interrupt()
  }

  async compareSimilarities(): Promise<void> {
    const question = this.#question
    if (question === undefined) return
    await this.#similaritiesJob.run(async (options) => {
      await this.#getFit(options)
      const similarities: Similarity[] = []
      for (const simFn of simFns) similarities.push(await this.#rank(question, simFn, options))
      return similarities
    })
  }

  cancelAttribution(): void {
    this.#attributionJob.cancel()
  }

  cancelRanking(): void {
    this.#rankingJob.cancel()
    this.#fit.drop(new DOMException('The request was cancelled.', 'AbortError'))
  }

  #rank({ input, truth }: Question, simFn: SimFn, options: JobOptions): Promise<Similarity> {
    const { device } = this.#settings
    const label = this.#explainsTruth ? truth : undefined
    return this.#ranking.call('rank', { input, label, simFn, device }, options)
  }

  /** The fit for the current settings. It continues when another example is picked. */
  #getFit(options: JobOptions): Promise<Fit> {
    const { references, gradients, device } = this.#settings
    return this.#fit.get(
      [references, gradients, device],
      (call) => this.#ranking.call('fit', { references, gradients, device }, call),
      options,
    )
  }

  #setTarget(target: number | undefined): void {
    this.#target = target
    this.#views.target(target)
  }
}

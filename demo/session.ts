import type { NdArray } from 'gradlens'
import { Job, SharedWork, type JobOptions, type JobState } from 'gradlens/elements'
import { Attributing } from './explaining/attributing.js'
import { dataSets } from './explaining/data-sets.js'
import { ExplainingWorker } from './explaining/explaining-worker.js'
import { Predicting } from './explaining/predicting.js'
import { ExampleRanking, type References } from './explaining/ranking.js'
import type { Attribution, DataSetName, Fit, Prediction, Similarity } from './explaining/results.js'
import { startWorker } from './explaining/start-worker.js'
import { methods, simFns, type Method, type Settings, type SimFn } from './settings.js'

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
  /** The training examples. Called after the first question. */
  readonly getReferences: () => References
  /** The start of the attributed paths; undefined for zeros. */
  readonly getBaseline: () => NdArray | undefined
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
  readonly #answeringWorker: ExplainingWorker
  readonly #rankingWorker: ExplainingWorker
  readonly #predicting = new Predicting()
  readonly #attributing: Attributing
  readonly #ranking: ExampleRanking
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
    { dataSet, folder, settings, explainsTruth = false, ...get }: SessionOptions,
    views: SessionViews,
  ) {
    this.#settings = settings
    this.#views = views
    this.#explainsTruth = explainsTruth
    const start = { folder, device: settings.device }
    this.#answeringWorker = new ExplainingWorker(() => startWorker(start))
    this.#rankingWorker = new ExplainingWorker(() => startWorker(start))
    this.#attributing = new Attributing(dataSets[dataSet], get.getBaseline)
    this.#ranking = new ExampleRanking(folder, dataSets[dataSet], get.getReferences)
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
      const prediction = await this.#answeringWorker.run(signal, (explainers) =>
        this.#predicting.predict(explainers, { input, device }, signal),
      )
      return { question, prediction }
    })
    if (answer === undefined) return
    this.#setTarget(this.#target ?? answer.prediction.label)
    await this.attribute()
  }

  async attribute(): Promise<void> {
    const input = this.#question?.input
    const target = this.#target
    if (input === undefined || target === undefined) return
    const attribution = await this.#attributionJob.run((options) =>
      this.#attribute(input, target, this.#settings.method, options),
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
    const input = this.#question?.input
    const target = this.#target
    if (input === undefined || target === undefined) return
    await this.#quadraturesJob.run(async ({ signal, onProgress }) => {
      const attributions: Attribution[] = []
      for (const method of methods) {
        attributions.push(await this.#attribute(input, target, method, { signal }))
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

  #attribute(
    input: NdArray,
    target: number,
    method: Method,
    options: Pick<JobOptions, 'signal'> & Partial<JobOptions>,
  ): Promise<Attribution> {
    const { steps, device } = this.#settings
    return this.#answeringWorker.run(options.signal, (explainers) =>
      this.#attributing.attribute(explainers, { input, target, method, steps, device }, options),
    )
  }

  #rank({ input, truth }: Question, simFn: SimFn, { signal }: JobOptions): Promise<Similarity> {
    const { device } = this.#settings
    const label = this.#explainsTruth ? truth : undefined
    return this.#rankingWorker.run(signal, (explainers) =>
      this.#ranking.rank(explainers, { input, label, simFn, device }, signal),
    )
  }

  /** The fit for the current settings. It continues when another example is picked. */
  #getFit(options: JobOptions): Promise<Fit> {
    const { references, gradients, device } = this.#settings
    return this.#fit.get(
      [references, gradients, device, this.#rankingWorker.generation],
      (call) =>
        this.#rankingWorker.run(call.signal, (explainers) =>
          this.#ranking.fit(explainers, { references, gradients, device }, call),
        ),
      options,
    )
  }

  #setTarget(target: number | undefined): void {
    this.#target = target
    this.#views.target(target)
  }
}

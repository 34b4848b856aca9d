import type { NdArray } from 'gradlens'
import { Job, type JobOptions, type JobState } from './job.js'
import { methods, simFns, type Settings, type SimFn } from './settings.js'
import type {
  Attribution,
  DataSetName,
  Fit,
  Prediction,
  Similarity,
  WorkProgress,
} from './workers/protocol.js'
import { WorkerClient } from './workers/worker-client.js'

/** What is asked about. */
export interface Question {
  /** As the model takes it, [1, …]. */
  readonly input: NdArray
  /** Its class, or of a regression its value; undefined where the visitor made it up. */
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
  /** The absolute address of the data, with a slash at its end. */
  readonly folder: string
  readonly settings: Settings
  /** Whether the true value is explained, as regressions need it; else what the model says. */
  readonly explainsTruth?: boolean
}

export interface SessionViews {
  answer(state: JobState<Answer>): void
  target(target: number | undefined): void
  attribution(state: JobState<Attribution>): void
  ranking(state: JobState<Ranking>): void
  /** The same attribution by every quadrature. */
  quadratures?(state: JobState<readonly Attribution[]>): void
  /** The same ranking by every similarity function. */
  similarities?(state: JobState<readonly Similarity[]>): void
}

interface RunningFit {
  readonly key: string
  readonly controller: AbortController
  readonly result: Promise<Fit>
  onProgress: (progress: WorkProgress) => void
}

/**
 * What the visitor asks and what comes of it. Two workers: one answers and draws maps while the other
 * still goes through the training examples.
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
  #settings: Settings
  #question: Question | undefined
  #target: number | undefined
  #fit: RunningFit | undefined
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

  /** Asks about an example, or (undefined) about none. */
  ask(question: Question | undefined): void {
    this.#question = question
    this.#setTarget(undefined)
    if (question === undefined) {
      this.#answerJob.reset()
      this.#attributionJob.reset()
      this.#rankingJob.reset()
      this.#quadraturesJob.reset()
      this.#similaritiesJob.reset()
    } else {
      void this.answer()
      void this.rank()
    }
  }

  /** Explains that class instead of the predicted one. */
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

  /** Computes the answer, and then what it is owed to, anew. */
  async answer(): Promise<void> {
    const question = this.#question
    if (question === undefined) return
    this.#attributionJob.reset()
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

  /** Whether the attribution is wanted by every quadrature too. */
  wantQuadratures(wanted: boolean): void {
    this.#wantsQuadratures = wanted
    if (wanted) void this.compareQuadratures()
    else this.#quadraturesJob.reset()
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
        onProgress({ done: attributions.length, total: methods.length })
      }
      return attributions
    })
  }

  async rank(): Promise<void> {
    const question = this.#question
    if (question === undefined) return
    const ranking = await this.#rankingJob.run(async (options) => {
      const fit = await this.#fitted(options)
      return { fit, similarity: await this.#rank(question, this.#settings.simFn, options) }
    })
    if (ranking !== undefined && this.#wantsSimilarities) await this.compareSimilarities()
  }

  /** Whether the ranking is wanted by every similarity function too. */
  wantSimilarities(wanted: boolean): void {
    this.#wantsSimilarities = wanted
    if (wanted) void this.compareSimilarities()
    else this.#similaritiesJob.reset()
  }

  async compareSimilarities(): Promise<void> {
    const question = this.#question
    if (question === undefined) return
    await this.#similaritiesJob.run(async (options) => {
      await this.#fitted(options)
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
    this.#dropFit()
  }

  #rank({ input, truth }: Question, simFn: SimFn, options: JobOptions): Promise<Similarity> {
    const { device } = this.#settings
    const label = this.#explainsTruth ? truth : undefined
    return this.#ranking.call('rank', { input, label, simFn, device }, options)
  }

  /** The fit that the settings ask for; one that runs goes on when another example is picked meanwhile. */
  async #fitted({ signal, onProgress }: JobOptions): Promise<Fit> {
    const { references, gradients, device } = this.#settings
    const key = `${device} ${references} ${gradients}`
    if (this.#fit?.key !== key) {
      this.#dropFit()
      const controller = new AbortController()
      const fit: RunningFit = {
        key,
        controller,
        onProgress,
        result: this.#ranking.call(
          'fit',
          { references, gradients, device },
          {
            signal: controller.signal,
            onProgress: (progress) => {
              fit.onProgress(progress)
            },
          },
        ),
      }
      fit.result.catch(() => {
        if (this.#fit === fit) this.#fit = undefined
      })
      this.#fit = fit
    }
    this.#fit.onProgress = onProgress
    const result = await this.#fit.result
    signal.throwIfAborted()
    return result
  }

  #dropFit(): void {
    this.#fit?.controller.abort()
    this.#fit = undefined
  }

  #setTarget(target: number | undefined): void {
    this.#target = target
    this.#views.target(target)
  }
}

import type { NdArray, Progress } from 'gradlens'
import type { RemoteExplainers, RemoteSimilarity } from 'gradlens/worker'
import { fetchJson } from '../data/fetch.js'
import type { DeviceChoice, GradientSource, SimFn } from '../settings.js'
import type { DataSet } from './data-sets.js'
import { encodeOneHot, readAnswers, sliceExamples } from './label-arrays.js'
import { Predicting } from './predicting.js'
import type { Fit, Similarity, StoredGradientsReport } from './results.js'

/** The training examples to rank, as inputs of the model. */
export interface References {
  readonly x: NdArray
  readonly y: NdArray
}

export interface FitRequest {
  readonly references: number
  readonly gradients: GradientSource
  readonly device: DeviceChoice
}

export interface RankingQuestion {
  readonly input: NdArray
  /** The label of the loss. Default: the prediction. */
  readonly label: number | undefined
  readonly simFn: SimFn
  readonly device: DeviceChoice
}

interface CallOptions {
  readonly signal: AbortSignal
  readonly onProgress: (progress: Progress) => void
}

interface Fitted {
  readonly explainers: RemoteExplainers
  readonly explainer: RemoteSimilarity
}

/**
 * Opens the stored gradients of the training examples, or computes them once, and then ranks them
 * for each question.
 */
export class ExampleRanking {
  readonly #folder: string
  readonly #dataSet: DataSet
  readonly #getReferences: () => References
  readonly #predicting = new Predicting()
  #fitted: Fitted | undefined

  constructor(folder: string, dataSet: DataSet, getReferences: () => References) {
    this.#folder = folder
    this.#dataSet = dataSet
    this.#getReferences = getReferences
  }

  async fit(
    explainers: RemoteExplainers,
    { references: count, gradients, device }: FitRequest,
    { signal, onProgress }: CallOptions,
  ): Promise<Fit> {
    const { task, loss, hasStore = false } = this.#dataSet
    const all = this.#getReferences()
    const [x, y] = [sliceExamples(all.x, 0, count), sliceExamples(all.y, 0, count)]
    const startedAt = performance.now()
    // The store contains the gradients of all training examples.
    const isStored = gradients === 'stored' && hasStore && count === all.y.shape[0]
    const opened = isStored ? await this.#open(explainers, device, signal) : {}
    const explainer =
      opened.explainer ??
      explainers.gradientSimilarity(loss, { precomputeGrads: true, device, task })
    try {
      if (opened.explainer === undefined) await explainer.fit(x, y, { signal, onProgress })
      const durationMs = performance.now() - startedAt
      const model = this.#predicting.modelOf(explainers, device)
      const predictions = readAnswers(await model.predict(x, { signal }), task)
      this.#fitted?.explainer.dispose()
      this.#fitted = { explainers, explainer }
      return {
        references: count,
        predictions,
        storedByteLength: opened.report?.byteLength ?? explainer.gradientBytes,
        durationMs,
        stored: opened.report ?? null,
        storeFailure: opened.failure ?? null,
      }
    } catch (error) {
      explainer.dispose()
      throw error
    }
  }

  async rank(
    explainers: RemoteExplainers,
    { input, label: asked, simFn, device }: RankingQuestion,
    signal: AbortSignal,
  ): Promise<Similarity> {
    if (this.#fitted?.explainers !== explainers) throw new Error('The worker stopped. Try again.')
    const { task } = this.#dataSet
    const startedAt = performance.now()
    const model = this.#predicting.modelOf(explainers, device)
    const label = asked ?? readAnswers(await model.predict(input, { signal }), task)[0] ?? NaN
    const classCount = this.#getReferences().y.shape[1] ?? 1
    const y =
      task === 'classification'
        ? encodeOneHot([label], classCount)
        : { data: Float32Array.of(label), shape: [1, 1] }
    const explanation = await this.#fitted.explainer.explain(input, y, { signal, simFn })
    return { explanation, simFn, label, durationMs: performance.now() - startedAt }
  }

  /** Opens an explainer on the gradients that are stored with the page, or says why it cannot. */
  async #open(
    explainers: RemoteExplainers,
    device: DeviceChoice,
    signal: AbortSignal,
  ): Promise<{ explainer?: RemoteSimilarity; report?: StoredGradientsReport; failure?: string }> {
    const { loss, task } = this.#dataSet
    const explainer = explainers.openGradientSimilarity(explainers.value('store'), loss, {
      device,
      task,
    })
    try {
      const report = await fetchJson<StoredGradientsReport>(
        new URL('gradients.json', this.#folder),
        signal,
      )
      await explainer.ready
      signal.throwIfAborted()
      return { explainer, report }
    } catch (error) {
      explainer.dispose()
      signal.throwIfAborted()
      // The page then computes the gradients itself.
      return { failure: error instanceof Error ? error.message : String(error) }
    }
  }
}

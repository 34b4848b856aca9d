import type { Device, NdArray, Progress } from 'gradlens'
import type { RemoteExplainers, RemoteSimilarity } from 'gradlens/worker'
import { fetchJson } from '../data/fetch.js'
import type { Settings, SimFn } from '../settings.js'
import type { DataSet } from './data-sets.js'
import type { ExplainingWorker } from './explaining-worker.js'
import { readAnswers } from './label-arrays.js'
import type { PageModel } from './page-model.js'

interface CallOptions {
  readonly signal: AbortSignal
  readonly onProgress: (progress: Progress) => void
}

/** The content of `gradients.json`, which describes the stored, projected gradients. */
export interface StoredGradientsReport {
  readonly byteLength: number
  readonly projection: { readonly size: number }
  readonly exactNumbersPerRow: number
  readonly measured: {
    readonly topK: number
    /**
     * `recall`: the share of the topK most similar by exact gradients that the stored gradients
     * find, 0 to 1.
     */
    readonly similarities: Readonly<Record<SimFn, { readonly recall: number }>>
  }
}

/** What is known once the gradients of the training examples are there. */
export interface Fit {
  /** The predicted class or value of each training example. */
  readonly predictions: Float32Array
  /** The report of stored gradients; null for gradients computed for this page. */
  readonly stored: StoredGradientsReport | null
  /** Why the stored gradients could not be used; null if they were used or not asked for. */
  readonly storeFailure: string | null
}

interface Fitted extends Fit {
  readonly explainers: RemoteExplainers
  readonly explainer: RemoteSimilarity
}

export interface PageSimilarityOptions {
  readonly dataSet: DataSet
  /** The absolute URL of the data, with a trailing slash. */
  readonly folder: string
  readonly settings: Settings
  readonly model: PageModel
  /** Whether the page's store has the gradients of exactly these training examples. */
  readonly isStored: boolean
  readonly onFit: (fit: Fit) => void
}

/**
 * Gradient similarity of the page's model, for `<gl-explainer>`. It opens the stored gradients of the
 * training examples, or computes them once.
 */
export class PageSimilarity {
  readonly #worker: ExplainingWorker
  readonly #options: PageSimilarityOptions
  #given: readonly [xTrain: unknown, yTrain: unknown] | undefined
  #fitted: Fitted | undefined

  constructor(worker: ExplainingWorker, options: PageSimilarityOptions) {
    this.#worker = worker
    this.#options = options
  }

  get device(): Device | null {
    return this.#fitted?.explainer.device ?? null
  }

  get fallbackReason(): string | null {
    return this.#fitted?.explainer.fallbackReason ?? null
  }

  get gradientBytes(): number {
    return this.#fitted?.stored?.byteLength ?? this.#fitted?.explainer.gradientBytes ?? 0
  }

  async fit(xTrain: unknown, yTrain: unknown, call: CallOptions): Promise<void> {
    this.#given = [xTrain, yTrain]
    await this.#fit(call)
  }

  async explain(
    x: unknown,
    y: unknown,
    call: CallOptions & { readonly simFn?: SimFn },
  ): ReturnType<RemoteSimilarity['explain']> {
    const { explainer } = await this.#open(call)
    return explainer.explain(x as NdArray, y as NdArray | undefined, call)
  }

  async selfInfluence(call: CallOptions): ReturnType<RemoteSimilarity['selfInfluence']> {
    const { explainer } = await this.#open(call)
    return explainer.selfInfluence(call)
  }

  dispose(): void {
    this.#fitted?.explainer.dispose()
  }

  /** What was fitted, again if the worker that it was fitted in stopped. */
  async #open(call: CallOptions): Promise<Fitted> {
    const isFitted = this.#fitted?.explainers === this.#worker.explainers
    return isFitted && this.#fitted !== undefined ? this.#fitted : this.#fit(call)
  }

  async #fit({ signal, onProgress }: CallOptions): Promise<Fitted> {
    const [xTrain, yTrain] = this.#given as [NdArray, NdArray | null]
    const { dataSet, settings, model, isStored, onFit } = this.#options
    const { parameters } = dataSet
    const { explainers } = this.#worker
    const opened = isStored ? await this.#openStore(explainers, signal) : {}
    const explainer =
      opened.explainer ??
      explainers.gradientSimilarity(dataSet.loss, {
        precomputeGrads: true,
        device: settings.device,
        task: dataSet.task,
        ...(parameters === undefined ? {} : { parameters: explainers.value(parameters) }),
      })
    try {
      const predict = async (): Promise<Float32Array> =>
        readAnswers(await model.predict(xTrain, { signal }), dataSet.task)
      // Labels that are not known are the classes that the model predicts.
      const predictedLabels = yTrain === null ? await predict() : null
      if (opened.explainer === undefined) {
        const labels = yTrain ?? Array.from(predictedLabels ?? [])
        await explainer.fit(xTrain, labels, { signal, onProgress })
      }
      const fitted = {
        explainers,
        explainer,
        predictions: predictedLabels ?? (await predict()),
        stored: opened.report ?? null,
        storeFailure: opened.failure ?? null,
      }
      this.#fitted?.explainer.dispose()
      this.#fitted = fitted
      onFit(fitted)
      return fitted
    } catch (error) {
      explainer.dispose()
      throw error
    }
  }

  /** Opens an explainer on the gradients that are stored with the page, or says why it cannot. */
  async #openStore(
    explainers: RemoteExplainers,
    signal: AbortSignal,
  ): Promise<{ explainer?: RemoteSimilarity; report?: StoredGradientsReport; failure?: string }> {
    const { dataSet, folder, settings } = this.#options
    const explainer = explainers.openGradientSimilarity(explainers.value('store'), dataSet.loss, {
      device: settings.device,
      task: dataSet.task,
    })
    try {
      const report = await fetchJson<StoredGradientsReport>(
        new URL('gradients.json', folder),
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

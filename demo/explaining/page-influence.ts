import type { NdArray, Progress } from 'gradlens'
import type { RemoteExplainers, RemoteInfluence } from 'gradlens/worker'
import type { Settings } from '../settings.js'
import type { DataSet } from './data-sets.js'
import type { ExplainingWorker } from './explaining-worker.js'

interface CallOptions {
  readonly signal: AbortSignal
  readonly onProgress: (progress: Progress) => void
}

interface Fitted {
  readonly explainers: RemoteExplainers
  readonly explainer: RemoteInfluence
}

/** Influence functions of the page's model, for the rankings of `<gl-explainer>`. */
export class PageInfluence {
  readonly #worker: ExplainingWorker
  readonly #dataSet: DataSet
  readonly #settings: Settings
  #given: readonly [xTrain: unknown, yTrain: unknown] | undefined
  #fitted: Fitted | undefined

  constructor(worker: ExplainingWorker, dataSet: DataSet, settings: Settings) {
    this.#worker = worker
    this.#dataSet = dataSet
    this.#settings = settings
  }

  async fit(xTrain: unknown, yTrain: unknown, call: CallOptions): Promise<void> {
    this.#given = [xTrain, yTrain]
    await this.#fit(call)
  }

  async explain(x: unknown, y: unknown, call: CallOptions): ReturnType<RemoteInfluence['explain']> {
    // What was fitted in a worker that stopped is lost.
    const isFitted = this.#fitted?.explainers === this.#worker.explainers
    const { explainer } =
      isFitted && this.#fitted !== undefined ? this.#fitted : await this.#fit(call)
    return explainer.explain(x as NdArray, y as NdArray | undefined, call)
  }

  dispose(): void {
    this.#fitted?.explainer.dispose()
  }

  async #fit(call: CallOptions): Promise<Fitted> {
    const [xTrain, yTrain] = this.#given as [NdArray, NdArray]
    const { loss, task } = this.#dataSet
    const { explainers } = this.#worker
    const explainer = explainers.influenceFunctions(loss, {
      precomputeGrads: true,
      // The page has a curvature that was estimated from all training examples.
      curvatureStore: explainers.value('curvature'),
      device: this.#settings.device,
      task,
    })
    try {
      await explainer.fit(xTrain, yTrain, call)
    } catch (error) {
      explainer.dispose()
      throw error
    }
    this.#fitted?.explainer.dispose()
    this.#fitted = { explainers, explainer }
    return this.#fitted
  }
}

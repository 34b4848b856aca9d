import type { Device, NdArray } from 'gradlens'
import type { RemoteModel } from 'gradlens/worker'
import type { DeviceChoice } from '../settings.js'
import type { DataSet } from './data-sets.js'
import type { ExplainingWorker } from './explaining-worker.js'
import { KeptExplainer } from './kept-explainer.js'
import { toProbabilities } from './probabilities.js'

/** The page's model on one device. */
export class PageModel {
  readonly #worker: ExplainingWorker
  readonly #dataSet: DataSet
  readonly #device: DeviceChoice
  readonly #kept = new KeptExplainer<RemoteModel>()
  #model: RemoteModel | undefined

  constructor(worker: ExplainingWorker, dataSet: DataSet, device: DeviceChoice) {
    this.#worker = worker
    this.#dataSet = dataSet
    this.#device = device
  }

  /** The device in use; null before the first call. */
  get device(): Device | null {
    return this.#model?.device ?? null
  }

  /**
   * The probabilities or values for the examples. A function of its own, so that an element can take
   * it.
   */
  readonly predict = async (
    x: unknown,
    options: { readonly signal: AbortSignal },
  ): Promise<NdArray> => {
    const { explainers } = this.#worker
    this.#model = this.#kept.get([explainers], () => explainers.model({ device: this.#device }))
    const outputs = await this.#model.predict(x as NdArray, options)
    return this.#dataSet.loss.endsWith('FromLogits') ? toProbabilities(outputs) : outputs
  }

  dispose(): void {
    this.#model?.dispose()
  }
}

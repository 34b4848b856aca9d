import type { Device, NdArray } from 'gradlens'
import type { RemoteExplainers } from 'gradlens/worker'
import type { Settings } from '../settings.js'
import type { DataSet } from './data-sets.js'
import type { ExplainingWorker } from './explaining-worker.js'
import { KeptExplainer } from './kept-explainer.js'

type Attributions = ReturnType<RemoteExplainers['integratedGradients']>
type CallOptions = NonNullable<Parameters<Attributions['explain']>[1]>

/** The parts of an explanation that the elements show. */
export interface ExplanationParts {
  readonly meta: object
  readonly data: object
}

/** Integrated gradients of the page's model, for `<gl-explainer>`. */
export class PageAttribution {
  readonly #worker: ExplainingWorker
  readonly #dataSet: DataSet
  readonly #settings: Settings
  readonly #convert: (explanation: ExplanationParts) => ExplanationParts
  readonly #kept = new KeptExplainer<Attributions>()
  #explainer: Attributions | undefined

  /** @param convert changes an explanation before it is shown */
  constructor(
    worker: ExplainingWorker,
    dataSet: DataSet,
    settings: Settings,
    convert: (explanation: ExplanationParts) => ExplanationParts,
  ) {
    this.#worker = worker
    this.#dataSet = dataSet
    this.#settings = settings
    this.#convert = convert
  }

  get device(): Device | null {
    return this.#explainer?.device ?? null
  }

  get fallbackReason(): string | null {
    return this.#explainer?.fallbackReason ?? null
  }

  async explain(x: unknown, { target, ...call }: CallOptions): Promise<ExplanationParts> {
    const { method, steps, device } = this.#settings
    const { task, layer, pathBatch } = this.#dataSet
    const { explainers } = this.#worker
    this.#explainer = this.#kept.get([explainers], () =>
      explainers.integratedGradients({
        method,
        nSteps: steps,
        internalBatchSize: pathBatch,
        device,
        ...(layer === undefined ? {} : { layer }),
      }),
    )
    const explanation = await this.#explainer.explain(x as NdArray, {
      ...call,
      ...(task === 'classification' && target !== undefined ? { target } : {}),
    })
    return this.#convert(explanation)
  }

  dispose(): void {
    this.#explainer?.dispose()
  }
}

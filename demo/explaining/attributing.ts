import type { NdArray } from 'gradlens'
import type { RemoteExplainers } from 'gradlens/worker'
import type { DeviceChoice, Method } from '../settings.js'
import type { DataSet } from './data-sets.js'
import { KeptExplainer } from './kept-explainer.js'
import type { Attribution } from './results.js'

/** The number of path points per pass. Small, so that a long path can be cancelled quickly. */
const pathBatch = 25

export interface AttributionQuestion {
  readonly input: NdArray
  readonly target: number
  readonly method: Method
  readonly steps: number
  readonly device: DeviceChoice
}

type Attributions = ReturnType<RemoteExplainers['integratedGradients']>
type CallOptions = Pick<
  NonNullable<Parameters<Attributions['explain']>[1]>,
  'signal' | 'onProgress'
>

/** Computes attributions. The explainer is used again until the settings change. */
export class Attributing {
  readonly #dataSet: DataSet
  readonly #getBaseline: () => NdArray | undefined
  readonly #kept = new KeptExplainer<Attributions>()

  /** @param getBaseline the start of the paths; undefined for zeros */
  constructor(dataSet: DataSet, getBaseline: () => NdArray | undefined) {
    this.#dataSet = dataSet
    this.#getBaseline = getBaseline
  }

  async attribute(
    explainers: RemoteExplainers,
    { input, target, method, steps, device }: AttributionQuestion,
    options: CallOptions,
  ): Promise<Attribution> {
    const { task, layer } = this.#dataSet
    const startedAt = performance.now()
    const explainer = this.#kept.get([explainers, method, steps, device], () =>
      explainers.integratedGradients({
        method,
        nSteps: steps,
        internalBatchSize: pathBatch,
        device,
        ...(layer === undefined ? {} : { layer }),
      }),
    )
    const baselines = this.#getBaseline()
    const explanation = await explainer.explain(input, {
      ...options,
      ...(task === 'classification' ? { target } : {}),
      ...(baselines === undefined ? {} : { baselines }),
    })
    const { attributions, deltas, predictions } = explanation.data
    const values = Array.from(attributions[0]?.data ?? [])
    return {
      explanation,
      target,
      method,
      steps,
      total: values.reduce((sum, value) => sum + value, 0),
      delta: deltas.data[0] ?? NaN,
      output: predictions.data[target] ?? NaN,
      durationMs: performance.now() - startedAt,
    }
  }
}

import { joinBatches } from '../explainers/attribution/sites.js'
import { readInputs } from '../explainers/reading/inputs.js'
import { BatchSize } from '../explainers/session/batch-size.js'
import { ModelSession } from '../explainers/session/model-session.js'
import type { NdArray } from '../ndarray.js'
import { assertKnownKeys, type CallOptions, type DeviceChoice } from '../options.js'
import type { Predictor } from '../predictor.js'

/** Options of `model()` of RemoteExplainers. */
export interface ModelOptions {
  /** Default 'auto': webgpu, else wasm, else cpu. */
  readonly device?: DeviceChoice
}

const batchSize = new BatchSize('batchSize', 'auto', 100)

/** The model's own outputs, on a session of their own. */
export class ModelOutputs {
  readonly #model: ModelSession<unknown>

  /** @throws InvalidArgumentError for an unknown option or device */
  constructor(predictor: Predictor, options: ModelOptions = {}) {
    assertKnownKeys('options', options, ['device'])
    this.#model = new ModelSession(predictor, options.device)
  }

  get device(): ModelSession<unknown>['device'] {
    return this.#model.device
  }

  get fallbackReason(): string | null {
    return this.#model.fallbackReason
  }

  /** Returns the model's output [N, …] for x, in the forms that `explain` takes, computed batch by batch. */
  async predict(given: unknown, { signal }: CallOptions): Promise<NdArray> {
    const call = this.#model.begin(signal)
    const { predictor } = this.#model
    const read = await readInputs('x', given as never, predictor.inputs, predictor)
    const x = await read.arrays(call, batchSize.most)
    const [outputs] = await joinBatches(
      call,
      { x, further: {} },
      batchSize,
      async (session, some) => [await session.predict(some.x, some.further)],
    )
    return outputs!
  }

  dispose(): void {
    this.#model.dispose()
  }
}

import { readInputs } from '../explainers/reading/inputs.js'
import { ModelSession } from '../explainers/session/model-session.js'
import type { NdArray } from '../ndarray.js'
import { type CallOptions, type DeviceChoice, deviceChoices, readChoice } from '../options.js'
import type { Predictor } from '../predictor.js'

/** The model's own outputs, on a session of their own. */
export class ModelOutputs {
  readonly #model: ModelSession<unknown>

  constructor(predictor: Predictor, { device }: { readonly device?: DeviceChoice } = {}) {
    this.#model = new ModelSession(predictor, readChoice('device', device ?? 'auto', deviceChoices))
  }

  get device(): ModelSession<unknown>['device'] {
    return this.#model.device
  }

  get fallbackReason(): string | null {
    return this.#model.fallbackReason
  }

  /** Returns the model's output [N, …] for x, in the forms that `explain` takes. */
  async predict(x: unknown, { signal }: CallOptions): Promise<NdArray> {
    const call = this.#model.begin(signal)
    const { predictor } = this.#model
    const read = await readInputs('x', x as never, predictor.inputs, predictor)
    const arrays = await read.arrays(call, read.exampleCount)
    return call.run((session) => session.predict(arrays, {}))
  }

  dispose(): void {
    this.#model.dispose()
  }
}

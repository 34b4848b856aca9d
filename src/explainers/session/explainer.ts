import type { Device } from '../../options.js'
import type { Predictor } from '../../predictor.js'
import type { ModelSession } from './model-session.js'

/** What all explainers share: the device of their model, replacing the model, and disposal. */
export abstract class Explainer<Value, Item> implements Disposable {
  readonly #model: ModelSession<Value>

  protected constructor(model: ModelSession<Value>) {
    this.#model = model
  }

  /** The device in use; null until a call has opened one. */
  get device(): Device | null {
    return this.#model.device
  }

  /** Why the devices before this one are not used; null if the first choice is. */
  get fallbackReason(): string | null {
    return this.#model.fallbackReason
  }

  /** Replaces the model. Calls that are still running reject. */
  resetPredictor(predictor: Predictor<Value, Item>): void {
    this.#model.reset(predictor)
  }

  /** Frees the memory of the explainer. Calls that are still running reject; the predictor's model stays as it is. */
  dispose(): void {
    this.#model.dispose()
  }

  /** Calls `dispose()`, at the end of a block with `using`. */
  [Symbol.dispose](): void {
    this.dispose()
  }
}

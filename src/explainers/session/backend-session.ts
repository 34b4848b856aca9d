import type { GradientBackend } from '../../compute/gradient-backend.js'
import { openBackend } from '../../compute/open-backend.js'
import { DisposedError } from '../../errors.js'
import type { PredictorSession } from '../../predictor.js'
import type { ModelCall } from './model-session.js'

interface Opened {
  readonly backend: GradientBackend
  readonly fallbackReason: string | null
}

/** The gradient backend of an explainer, opened once for each session of its model. */
export class BackendSession<Value> implements Disposable {
  #session: PredictorSession<Value> | undefined
  #opening: Promise<Opened> | undefined
  #fallbackReason: string | null = null
  #isDisposed = false

  get fallbackReason(): string | null {
    return this.#fallbackReason
  }

  async open(call: ModelCall<Value>): Promise<GradientBackend> {
    const { session, device } = await call.opened()
    if (this.#session !== session) {
      this.#close()
      this.#session = session
      this.#opening = openBackend(device, session.gpuDevice)
    }
    const opening = this.#opening!
    const { backend, fallbackReason } = await opening
    call.check()
    if (this.#isDisposed) throw new DisposedError('This explainer was disposed; create a new one.')
    this.#fallbackReason = fallbackReason
    return backend
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true
    this.#close()
  }

  #close(): void {
    void this.#opening?.then(
      ({ backend }) => {
        backend[Symbol.dispose]()
      },
      () => undefined,
    )
    this.#session = undefined
    this.#opening = undefined
  }
}

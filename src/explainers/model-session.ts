import { DisposedError, isGradlensError } from '../errors.js'
import type { Device, DeviceChoice } from '../options.js'
import type { Predictor, PredictorSession } from '../predictor.js'

interface Opened<Value> {
  readonly session: PredictorSession<Value>
  readonly device: Device
  readonly fallbackReason: string | null
}

/** An explainer's model on its device, opened when it is first needed. */
export class ModelSession<Value> {
  readonly #choice: DeviceChoice
  #predictor: Predictor<Value>
  #opening: Promise<Opened<Value>> | undefined
  #opened: Opened<Value> | undefined
  #isDisposed = false

  constructor(predictor: Predictor<Value>, choice: DeviceChoice) {
    this.#predictor = predictor
    this.#choice = choice
  }

  get predictor(): Predictor<Value> {
    return this.#predictor
  }

  /** The device that runs; null before the first call. */
  get device(): Device | null {
    return this.#opened?.device ?? null
  }

  /** Why the devices before this one do not run; null if the first choice does. */
  get fallbackReason(): string | null {
    return this.#opened?.fallbackReason ?? null
  }

  async open(): Promise<PredictorSession<Value>> {
    this.assertUsable()
    const opening = (this.#opening ??= openFirst(this.#predictor, this.#choice))
    try {
      const opened = await opening
      if (this.#opening !== opening) {
        opened.session[Symbol.dispose]()
        return await this.open()
      }
      this.#opened = opened
      return opened.session
    } catch (error) {
      // The next call tries again: a device may come back, a missing import be made.
      if (this.#opening === opening) this.#opening = undefined
      throw error
    }
  }

  reset(predictor: Predictor<Value>): void {
    this.assertUsable()
    this.#close()
    this.#predictor = predictor
  }

  assertUsable(): void {
    if (this.#isDisposed) throw new DisposedError('This explainer was disposed; make a new one.')
  }

  dispose(): void {
    this.#isDisposed = true
    this.#close()
  }

  #close(): void {
    this.#opened?.session[Symbol.dispose]()
    this.#opened = undefined
    this.#opening = undefined
  }
}

const fallbackOrder: readonly Device[] = ['webgpu', 'wasm', 'cpu']

async function openFirst<Value>(
  predictor: Predictor<Value>,
  choice: DeviceChoice,
): Promise<Opened<Value>> {
  if (choice !== 'auto') {
    const session = await predictor.open(choice, { allowSoftware: true })
    return { session, device: choice, fallbackReason: null }
  }
  const reasons: string[] = []
  for (const device of fallbackOrder) {
    try {
      const session = await predictor.open(device, { allowSoftware: false })
      return { session, device, fallbackReason: reasons.length > 0 ? reasons.join(' ') : null }
    } catch (error) {
      if (!isGradlensError(error, 'DeviceError') || device === 'cpu') throw error
      reasons.push(error.message)
    }
  }
  throw new Error('unreachable: cpu either opened or threw')
}

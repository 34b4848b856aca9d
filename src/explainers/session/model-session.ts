import {
  type DeviceError,
  DisposedError,
  ModelChangedError,
  InvalidArgumentError,
  isGradlensError,
} from '../../errors.js'
import {
  checkSignal,
  describe,
  type Device,
  type DeviceChoice,
  deviceChoices,
  readChoice,
} from '../../options.js'
import type { Predictor, PredictorSession } from '../../predictor.js'
import { waitForNextTask } from '../../scheduling.js'

/** A session, and the device that it is on. */
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
  /** Devices that 'auto' does not take any more, and why. */
  readonly #lost = new Map<Device, string>()
  #generation = 0
  #isDisposed = false

  /** @throws InvalidArgumentError for a predictor or a device that is none */
  constructor(predictor: Predictor<Value>, device: DeviceChoice = 'auto') {
    checkPredictor(predictor)
    this.#predictor = predictor
    this.#choice = readChoice('device', device, deviceChoices)
  }

  get predictor(): Predictor<Value> {
    return this.#predictor
  }

  /** Counts the predictors that it has had. */
  get generation(): number {
    return this.#generation
  }

  /** The device that runs; null before the first call. */
  get device(): Device | null {
    return this.#opened?.device ?? null
  }

  /** Why the devices before this one do not run; null if the first choice does. */
  get fallbackReason(): string | null {
    return this.#opened?.fallbackReason ?? null
  }

  /** Starts a call of the explainer: what it works with from its first moment on. */
  begin(signal: AbortSignal | undefined): ModelCall<Value> {
    return new ModelCall(this, signal)
  }

  async open(): Promise<Opened<Value>> {
    this.assertUsable()
    const opening = (this.#opening ??= openFirst(this.#predictor, this.#choice, this.#lost))
    try {
      const opened = await opening
      if (this.#opening !== opening) {
        opened.session[Symbol.dispose]()
        return await this.open()
      }
      this.#opened = opened
      return opened
    } catch (error) {
      // The next call tries again: a device may come back, a missing import be made.
      if (this.#opening === opening) this.#opening = undefined
      throw error
    }
  }

  /** Has the next step open another device, where the choice is 'auto' and one is left; false where not. */
  fallBack({ device, message }: DeviceError): boolean {
    const current = this.#opened?.device
    if (this.#choice !== 'auto' || current === undefined) return false
    if (current === devicesOf(this.#predictor).at(-1)) return false
    // If not, another call has fallen back already.
    if (current === device) {
      this.#lost.set(current, message)
      this.#close()
    }
    return true
  }

  reset(predictor: Predictor<Value>): void {
    this.assertUsable()
    checkPredictor(predictor)
    this.#close()
    this.#generation++
    this.#predictor = predictor
  }

  assertUsable(): void {
    if (this.#isDisposed) throw new DisposedError('This explainer was disposed; create a new one.')
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

/** One call of an explainer. Its steps reject once it is aborted, or the explainer is disposed or reset. */
export class ModelCall<Value> {
  readonly #model: ModelSession<Value>
  readonly #signal: AbortSignal | undefined
  readonly #generation: number

  constructor(model: ModelSession<Value>, signal: AbortSignal | undefined) {
    checkSignal(signal)
    this.#model = model
    this.#signal = signal
    this.#generation = model.generation
    this.check()
  }

  get signal(): AbortSignal | undefined {
    return this.#signal
  }

  get predictor(): Predictor<Value> {
    return this.#model.predictor
  }

  /** The session that runs, and its device. */
  async opened(): Promise<{ session: PredictorSession<Value>; device: Device }> {
    this.check()
    try {
      return await this.#model.open()
    } finally {
      this.check()
    }
  }

  /** A step on the model. */
  async run<Result>(step: (session: PredictorSession<Value>) => Promise<Result>): Promise<Result> {
    const { session } = await this.opened()
    try {
      return await step(session)
    } finally {
      // Whatever the step says, the cause is that the call is void.
      this.check()
    }
  }

  /** How many of its steps may run at the same time. */
  async concurrency(): Promise<number> {
    const { session } = await this.opened()
    return session.concurrency ?? 1
  }

  /** The version of the model's weights; see PredictorSession. */
  weightsVersion(): Promise<number> {
    return this.run((session) => Promise.resolve(session.weightsVersion))
  }

  /** @throws ModelChangedError if the weights are no longer those of that version */
  async assertWeights(version: number): Promise<void> {
    if ((await this.weightsVersion()) === version) return
    throw new ModelChangedError(
      "the model's weights, or which of them are trainable, changed while this call was running; call it again.",
    )
  }

  /** Pauses so that the page can respond. */
  async pause(): Promise<void> {
    await waitForNextTask()
    this.check()
  }

  check(): void {
    this.#signal?.throwIfAborted()
    this.#model.assertUsable()
    if (this.#model.generation === this.#generation) return
    throw new DisposedError(
      'resetPredictor replaced the model while this call was running; call it again.',
    )
  }
}

/** @throws InvalidArgumentError for anything but a Predictor: a framework's model itself, say */
export function checkPredictor(predictor: unknown): void {
  const isPredictor =
    typeof predictor === 'object' &&
    predictor !== null &&
    'open' in predictor &&
    typeof predictor.open === 'function' &&
    'parameters' in predictor &&
    'inputs' in predictor &&
    Array.isArray(predictor.inputs)
  if (!isPredictor) {
    throw new InvalidArgumentError(
      'predictor',
      describe(predictor),
      "a Predictor; wrap a TensorFlow.js model: tfjsPredictor(model), from 'gradlens/tfjs'",
    )
  }
  const { inputs } = predictor as Predictor
  for (const [i, { channels }] of inputs.entries()) {
    if (channels === undefined) continue
    readChoice(`predictor.inputs[${i}].channels`, channels, ['first', 'last'])
  }
}

const devicesOf = ({ devices }: Pick<Predictor, 'devices'>): readonly Device[] =>
  devices ?? ['webgpu', 'wasm', 'cpu']

async function openFirst<Value>(
  predictor: Predictor<Value>,
  choice: DeviceChoice,
  lost: ReadonlyMap<Device, string>,
): Promise<Opened<Value>> {
  if (choice !== 'auto') {
    const session = await predictor.open(choice, { allowSoftware: true })
    return { session, device: choice, fallbackReason: null }
  }
  const reasons: string[] = []
  const devices = devicesOf(predictor)
  for (const device of devices) {
    const loss = lost.get(device)
    if (loss !== undefined) {
      reasons.push(loss)
      continue
    }
    try {
      const session = await predictor.open(device, { allowSoftware: false })
      return { session, device, fallbackReason: reasons.length > 0 ? reasons.join(' ') : null }
    } catch (error) {
      if (!isGradlensError(error, 'DeviceError') || device === devices.at(-1)) throw error
      reasons.push(error.message)
    }
  }
  throw new Error('unreachable: the last device either opened or threw')
}

import { DisposedError } from '../errors.js'
import type { ExampleSource } from '../explainers/reading/example-source.js'
import { createExplanation, type Explanation, type ExplanationMeta } from '../explanation.js'
import type { CallOptions, Device } from '../options.js'
import type { WorkerConnection } from './connection.js'
import type { ExplainerName, ExplainerState } from './messages.js'
import type { WorkerValue } from './values.js'

/** Arguments with their names, which appear in errors. */
export type NamedArguments = readonly (readonly [string, unknown])[]

/** The training examples: in the page, or one of the worker's values. */
export type RemoteExamples<Given> = Given | ExampleSource<Given> | WorkerValue

/** The arguments of methods that take training examples. */
export const nameTraining = (xTrain: unknown, yTrain: unknown): NamedArguments => [
  ['xTrain', xTrain],
  ['yTrain', yTrain],
]

/** The arguments of methods that explain examples with labels. */
export const nameQuestion = (x: unknown, y: unknown): NamedArguments => [
  ['x', x],
  ['y', y],
]

/** An explainer in a worker, in the page: its properties are those after the last call. */
export class RemoteExplainer implements Disposable {
  readonly #connection: WorkerConnection
  readonly #number: number
  #state: ExplainerState = {
    ...{ device: null, fallbackReason: null },
    ...{ gradientBytes: 0, weightsVersion: 0 },
  }
  #isDisposed = false

  constructor(connection: WorkerConnection, name: ExplainerName, given: NamedArguments) {
    this.#connection = connection
    this.#number = connection.create(name, given)
  }

  /**
   * Resolves when the worker has created the explainer. Rejects if that fails: for a wrong option, or a store that cannot be
   * opened.
   */
  get ready(): Promise<void> {
    return this.callMethod('ready', [], {}).then(() => undefined)
  }

  /** The device in use; null before the first call. */
  get device(): Device | null {
    return this.#state.device
  }

  /** Why the devices before this one are not used; null if the first choice is. */
  get fallbackReason(): string | null {
    return this.#state.fallbackReason
  }

  /** What training gradients in memory occupy, in bytes. */
  get gradientBytes(): number {
    return this.#state.gradientBytes
  }

  /**
   * Gives the explainer another model: one of the worker's values.
   *
   * @throws as the explainer's own method
   */
  async resetPredictor(predictor: WorkerValue): Promise<void> {
    await this.callMethod('resetPredictor', [['predictor', predictor]], {})
  }

  /** Frees the explainer's memory in the worker. Calls that are still running reject. */
  dispose(): void {
    if (this.#isDisposed) return
    this.#isDisposed = true
    this.#connection.dispose(this.#number)
  }

  /** Calls `dispose()`, at the end of a block with `using`. */
  [Symbol.dispose](): void {
    this.dispose()
  }

  /** Calls a method in the worker; resolves to what it returned. */
  protected async callMethod(
    method: string,
    given: NamedArguments,
    options: CallOptions & object,
  ): Promise<unknown> {
    if (this.#isDisposed) throw new DisposedError('This explainer was disposed; create a new one.')
    const { value, state } = await this.#connection.call(this.#number, method, given, {
      ...options,
    })
    this.#state = state
    return value
  }

  /** Calls `explain`. */
  protected callExplain<Data extends object>(
    given: NamedArguments,
    options: CallOptions & object,
  ): Promise<Explanation<Data>> {
    return this.callExplanation('explain', given, options)
  }

  /** Calls a method that returns an explanation. */
  protected async callExplanation<Data extends object>(
    method: string,
    given: NamedArguments,
    options: CallOptions & object,
  ): Promise<Explanation<Data>> {
    const { meta, data } = (await this.callMethod(method, given, options)) as {
      readonly meta: ExplanationMeta
      readonly data: Data
    }
    return createExplanation(meta, data)
  }
}

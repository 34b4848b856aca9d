import type { GpuGradientBlock, GradientBlock } from '../gradients/block.js'
import type { Labels } from '../losses/labels.js'
import type { LossFunction, PositionLoss } from '../losses/loss.js'
import { UnsupportedError } from '../errors.js'
import type { NdArray } from '../ndarray.js'
import type { Device } from '../options.js'
import type {
  Activations,
  ForwardArguments,
  LayerSite,
  LossGradientOptions,
  PathPoints,
  Predictor,
  PredictorSession,
} from '../predictor.js'
import { OwnedResult } from './values.js'

/** What a session can do in addition to what every session does. */
export interface SessionAbilities {
  readonly exampleBytes: boolean
  readonly activations: boolean
  readonly activationGradients: boolean
  readonly pathGradients: boolean
  readonly weights: boolean
  /** Differs for different weights; 0 if the session does not provide them. */
  readonly weightsChecksum: number
}

/**
 * A session of the model in this worker, for a predictor in the page. It runs one pass at a time, so calls that wait need
 * no memory but that of their arguments.
 */
export class HostedSession implements Disposable {
  readonly #predictor: Predictor
  readonly #session: PredictorSession
  #last: Promise<unknown> = Promise.resolve()

  private constructor(predictor: Predictor, session: PredictorSession) {
    this.#predictor = predictor
    this.#session = session
  }

  /**
   * @param names the parameters whose gradients are computed; all if it is undefined
   * @throws DeviceError if the device cannot be used
   */
  static async open(
    predictor: Predictor,
    device: Device,
    allowSoftware: boolean,
    names: readonly string[] | undefined,
  ): Promise<HostedSession> {
    const parameters = names && ((name: string): boolean => names.includes(name))
    return new HostedSession(predictor, await predictor.open(device, { allowSoftware, parameters }))
  }

  get weightsVersion(): number {
    return this.#session.weightsVersion
  }

  async abilities(): Promise<SessionAbilities> {
    const session = this.#session
    return {
      exampleBytes: session.exampleBytes !== undefined,
      activations: session.activations !== undefined,
      activationGradients: session.activationGradients !== undefined,
      pathGradients: session.pathGradients !== undefined,
      weights: session.weights !== undefined,
      weightsChecksum: await this.#checksum(),
    }
  }

  exampleBytes(x: readonly NdArray[], forwardArguments: ForwardArguments): Promise<number> {
    return this.#inTurn((session) => session.exampleBytes!(x, forwardArguments))
  }

  predict(
    x: readonly NdArray[],
    forwardArguments: ForwardArguments,
    activations?: Activations,
  ): Promise<NdArray> {
    return this.#inTurn((session) =>
      session.predict(x, forwardArguments, this.#findSites(activations)),
    )
  }

  inputGradients(
    x: readonly NdArray[],
    outputIndices: Int32Array,
    forwardArguments: ForwardArguments,
  ): Promise<NdArray[]> {
    return this.#inTurn((session) => session.inputGradients(x, outputIndices, forwardArguments))
  }

  activations(
    x: readonly NdArray[],
    forwardArguments: ForwardArguments,
    sites: readonly LayerSite[],
  ): Promise<NdArray[][]> {
    return this.#inTurn((session) =>
      session.activations!(x, forwardArguments, this.#findAll(sites)),
    )
  }

  activationGradients(
    x: readonly NdArray[],
    outputIndices: Int32Array,
    forwardArguments: ForwardArguments,
    at: Activations | { readonly sites: readonly LayerSite[] },
  ): Promise<NdArray[][]> {
    const found = this.#findSites(at)
    return this.#inTurn((session) =>
      session.activationGradients!(x, outputIndices, forwardArguments, found),
    )
  }

  pathGradients(
    x: readonly NdArray[],
    outputIndices: Int32Array,
    forwardArguments: ForwardArguments,
    points: PathPoints,
  ): Promise<NdArray[][]> {
    const { sites } = points
    const found = sites === undefined ? points : { ...points, sites: this.#findAll(sites) }
    return this.#inTurn((session) =>
      session.pathGradients!(x, outputIndices, forwardArguments, found),
    )
  }

  async lossGradients(
    x: readonly NdArray[],
    labels: Labels,
    loss: PositionLoss | LossFunction<unknown>,
    options?: LossGradientOptions,
  ): Promise<Pick<GradientBlock, 'exampleCount' | 'segments'> | OwnedResult> {
    const block: GradientBlock | GpuGradientBlock = await this.#inTurn((session) =>
      session.lossGradients(x, labels, loss, options),
    )
    if ('gpuDevice' in block) {
      block[Symbol.dispose]()
      throw new UnsupportedError(
        'webgpu',
        'Gradients in GPU buffers stay in their worker; expose the explainers there instead.',
      )
    }
    const { exampleCount, segments, release } = block
    return release === undefined
      ? { exampleCount, segments }
      : new OwnedResult({ exampleCount, segments })
  }

  async weights(): Promise<unknown> {
    return this.#session.weights?.()
  }

  dispose(): void {
    this.#session[Symbol.dispose]()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  /** Runs a step of the session after those before it have settled. */
  #inTurn<Result>(step: (session: PredictorSession) => Promise<Result>): Promise<Result> {
    const result = this.#last.then(() => step(this.#session))
    this.#last = result.catch(() => undefined)
    return result
  }

  #findSites<At extends { readonly sites: readonly LayerSite[] } | undefined>(at: At): At {
    return at === undefined ? at : { ...at, sites: this.#findAll(at.sites) }
  }

  /** The page knows layers by their names alone. */
  #findAll(sites: readonly LayerSite[]): LayerSite[] {
    return sites.map(
      ({ layer, at }) => this.#predictor.findLayer?.('layer', layer, at) ?? { layer, at },
    )
  }

  async #checksum(): Promise<number> {
    let sum = 0
    for (const { value } of (await this.#session.weights?.()) ?? []) {
      // FNV-1a over the bits of the numbers.
      const bits = new Int32Array(Float32Array.from(value.data).buffer)
      for (const word of bits) sum = Math.imul(sum ^ word, 0x01000193)
    }
    return sum >>> 0
  }
}

import type { Curvature } from '../../curvature/curvature.js'
import { NotFittedError } from '../../errors.js'
import { assertSameModel, readModelIdentity } from '../../explainers/session/model-identity.js'
import type { ModelCall } from '../../explainers/session/model-session.js'
import type { PlacedGradients } from '../../explainers/similarity/gradient-blocks.js'
import { disposeAll } from '../../explainers/similarity/rank-training.js'
import type { GradientContext, TrainingSet } from '../../explainers/similarity/training-set.js'
import type { CompactBlock } from '../../gradients/block.js'
import { sliceBlock } from '../../gradients/slice-block.js'
import type { ReadLoss } from '../../losses/loss.js'
import type { PredictorSession } from '../../predictor.js'
import type { CurvatureHeader } from '../../store/zarr/curvature/curvature-header.js'
import type { StoredCurvature } from '../../store/zarr/curvature/read-curvature.js'
import type { StoreIdentity } from '../../store/zarr/format/store-identity.js'

/** How a curvature was estimated. */
export interface CurvatureOrigin extends Pick<CurvatureHeader, 'seed' | 'exampleCount'> {
  /** As in CurvatureHeader; undefined without a store, as only stores need it. */
  readonly examplesHash: string | undefined
}

/** A curvature with the model that it was estimated of. */
export class FittedCurvature<Value> {
  readonly curvature: Curvature
  readonly origin: CurvatureOrigin
  /** Undefined for a predictor that does not provide its weights. */
  readonly identity: StoreIdentity | undefined
  readonly #loss: ReadLoss<Value>
  /** The version of the weights at which each session's model was found to be that of the curvature. */
  readonly #verified = new WeakMap<PredictorSession<Value>, number>()

  private constructor(
    curvature: Curvature,
    origin: CurvatureOrigin,
    loss: ReadLoss<Value>,
    identity: StoreIdentity | undefined,
  ) {
    this.curvature = curvature
    this.origin = origin
    this.identity = identity
    this.#loss = loss
  }

  /** Takes a curvature of a store, whose model is compared with the explainer's on first use. */
  static fromStore<Value>(
    { curvature, header }: StoredCurvature,
    loss: ReadLoss<Value>,
  ): FittedCurvature<Value> {
    return new FittedCurvature(curvature, header, loss, header.identity)
  }

  /** Takes a curvature of the model as it is. */
  static async create<Value>(
    curvature: Curvature,
    origin: CurvatureOrigin,
    { call, loss }: Pick<GradientContext<Value>, 'call' | 'loss'>,
  ): Promise<FittedCurvature<Value>> {
    const { session } = await call.opened()
    const hasWeights = session.weights !== undefined
    const identity = hasWeights ? await readModelIdentity(call, loss) : undefined
    const fitted = new FittedCurvature<Value>(curvature, origin, loss, identity)
    fitted.#verified.set(session, await call.weightsVersion())
    return fitted
  }

  /** @throws NotFittedError if the model has changed, or can't be compared with that of the curvature */
  async assertModel(call: ModelCall<Value>): Promise<void> {
    const { session } = await call.opened()
    const weightsVersion = await call.weightsVersion()
    if (this.#verified.get(session) === weightsVersion) return
    try {
      if (this.identity === undefined) {
        throw new Error('The predictor does not provide its weights.')
      }
      await assertSameModel(call, this.#loss, this.identity)
    } catch (cause) {
      call.check()
      throw new NotFittedError(
        "the model's weights, or which of them are trainable, have changed since its curvature was estimated; " +
          'call fit or fitCurvature again.',
        { cause },
      )
    }
    this.#verified.set(session, weightsVersion)
  }

  /**
   * Replaces the gradients of examples by (H + λ)⁻¹ g, projected as the training gradients are. Disposes of the old ones.
   *
   * @param damping λ; undefined for the default
   */
  async prepare(
    tests: readonly PlacedGradients[],
    { call, backend }: GradientContext<Value>,
    { projection }: Pick<TrainingSet<Value>, 'projection'>,
    damping: number | undefined,
  ): Promise<PlacedGradients[]> {
    const prepared: PlacedGradients[] = []
    const pause = (): Promise<void> => call.pause()
    try {
      await this.assertModel(call)
      for (const { gradients, start } of tests) {
        const block = await gradients.read()
        gradients[Symbol.dispose]()
        for (let first = 0; first < block.exampleCount; first += examplesAtOnce) {
          const last = Math.min(first + examplesAtOnce, block.exampleCount)
          const part = sliceBlock(block, first, last)
          const solved = await this.curvature.precondition(part, damping, pause)
          const projected: CompactBlock = (await projection?.project(solved, pause)) ?? solved
          prepared.push({
            gradients: await backend.upload(projected),
            start: start + first,
            end: start + last,
          })
        }
      }
      return prepared
    } catch (error) {
      disposeAll(prepared)
      throw error
    } finally {
      disposeAll(tests)
    }
  }
}

/** Gradients are dense when they are preconditioned, and few at a time. */
const examplesAtOnce = 8

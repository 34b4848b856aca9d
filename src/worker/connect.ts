import type {
  ExpectedGradientsData,
  ExpectedGradientsExplainOptions,
  ExpectedGradientsOptions,
} from '../explainers/attribution/paths/expectation-options.js'
import type {
  GradCamData,
  GradCamExplainOptions,
  GradCamOptions,
} from '../explainers/attribution/maps/map-options.js'
import type {
  GradientData,
  GradientExplainOptions,
  GradientOptions,
} from '../explainers/attribution/gradients/gradient-options.js'
import type {
  IntegratedGradientsData,
  IntegratedGradientsExplainOptions,
  IntegratedGradientsOptions,
} from '../explainers/attribution/paths/path-options.js'
import type {
  OcclusionData,
  OcclusionExplainOptions,
  OcclusionOptions,
} from '../explainers/attribution/occlusion/occlusion-options.js'
import type { Inputs } from '../explainers/reading/inputs.js'
import type {
  GradientSimilarityOptions,
  OpenSimilarityOptions,
} from '../explainers/similarity/similarity-options.js'
import type { Explanation } from '../explanation.js'
import type { InfluenceOptions, OpenInfluenceOptions, TracInOptions } from '../influence/index.js'
import type { NdArray } from '../ndarray.js'
import type { CallOptions } from '../options.js'
import type { NamedLoss } from '../losses/loss.js'
import type { LossName } from '../losses/names.js'
import type { ConnectOptions } from './connect-options.js'
import { type ExplainerWorker, WorkerConnection } from './connection.js'
import type { ExplainerName, ModelDescription } from './messages.js'
import type { ModelOptions } from './model-outputs.js'
import { type RemoteCheckpoint, RemoteInfluence, RemoteTracIn } from './remote-influence.js'
import { RemoteAttribution, RemoteModel, RemoteSimilarity } from './remote-explainers.js'
import { WorkerValue } from './values.js'

/** An explainer of attributions in a worker: the same method and results as in the page. */
export interface RemoteAttributionOf<Data extends object, Options, Item = never> extends Pick<
  RemoteAttribution,
  'ready' | 'device' | 'fallbackReason' | 'resetPredictor' | 'dispose' | typeof Symbol.dispose
> {
  /** Explains the examples in the worker, as the explainer of the same name does in the page. */
  explain(x: Inputs<Item>, options?: Options): Promise<Explanation<Data>>
}

/** Options whose functions and stores are named values of the worker. */
export type RemoteOptions<Options> = {
  readonly [Name in keyof Options]: Options[Name] | WorkerValue
}

/**
 * Returns the explainers of the model in a worker.
 *
 * @param worker runs `exposeExplainers`. It belongs to the connection, which ends it when it is disposed
 * @throws InvalidArgumentError for anything but a Worker or a MessagePort
 * @example
 * const worker = new Worker(new URL('./explain-worker.js', import.meta.url), {
 *   type: 'module',
 * })
 * using explainers = connectExplainers(worker)
 * using explainer = explainers.gradientSimilarity('categoricalCrossentropy', {
 *   simFn: 'grad_cos',
 * })
 * await explainer.fit(xTrain, yTrain, { onProgress })
 * const { mostSimilar } = await explainer.explain(x)
 */
export function connectExplainers<Item = never>(
  worker: ExplainerWorker,
  options: ConnectOptions = {},
): RemoteExplainers<Item> {
  return new RemoteExplainers(new WorkerConnection(worker, options))
}

/** Creates explainers in a worker. Options are checked there: the first call of an explainer rejects if one is wrong. */
export class RemoteExplainers<Item = never> implements Disposable {
  readonly #connection: WorkerConnection
  #model: RemoteModel<Item> | undefined

  /** Resolves to the model's output [N, …] for x. A function of its own, so that an element can take it. */
  readonly predict = (
    x: Inputs<Item>,
    options: Pick<CallOptions, 'signal'> = {},
  ): Promise<NdArray> => {
    this.#model ??= this.model()
    return this.#model.predict(x, options)
  }

  constructor(connection: WorkerConnection) {
    this.#connection = connection
  }

  /**
   * Resolves to the model's name, inputs and output once the worker has loaded it. Rejects with the factory's error if that
   * fails, or with a DeviceError if the worker's script cannot be loaded or exposes nothing.
   */
  get ready(): Promise<ModelDescription> {
    return this.#connection.ready
  }

  /** A value that only the worker has: a loss function, a store, a layer, a function in options, a predictor. */
  value(name: string): WorkerValue {
    return new WorkerValue(name)
  }

  /** A GradientSimilarity in the worker. */
  gradientSimilarity(
    lossFn: LossName | NamedLoss | WorkerValue,
    options: RemoteOptions<GradientSimilarityOptions> = {},
  ): RemoteSimilarity<Item> {
    return new RemoteSimilarity(this.#connection, 'GradientSimilarity', [
      ['lossFn', lossFn],
      ['', options],
    ])
  }

  /** A GradientSimilarity of the training examples in a store, which is one of the worker's values. */
  openGradientSimilarity(
    store: WorkerValue,
    lossFn: LossName | NamedLoss | WorkerValue,
    options: RemoteOptions<Omit<OpenSimilarityOptions, 'signal'>> = {},
  ): RemoteSimilarity<Item> {
    return new RemoteSimilarity(this.#connection, 'GradientSimilarity.open', [
      ['store', store],
      ['lossFn', lossFn],
      ['', options],
    ])
  }

  /** An InfluenceFunctions in the worker. */
  influenceFunctions(
    lossFn: LossName | NamedLoss | WorkerValue,
    options: RemoteOptions<InfluenceOptions> = {},
  ): RemoteInfluence<Item> {
    return new RemoteInfluence(this.#connection, 'InfluenceFunctions', [
      ['lossFn', lossFn],
      ['', options],
    ])
  }

  /** An InfluenceFunctions of the training examples in a store, which is one of the worker's values. */
  openInfluenceFunctions(
    store: WorkerValue,
    lossFn: LossName | NamedLoss | WorkerValue,
    options: RemoteOptions<Omit<OpenInfluenceOptions, 'signal'>> = {},
  ): RemoteInfluence<Item> {
    return new RemoteInfluence(this.#connection, 'InfluenceFunctions.open', [
      ['store', store],
      ['lossFn', lossFn],
      ['', options],
    ])
  }

  /** A TracIn in the worker. The models of the checkpoints are among the worker's values. */
  tracIn(
    checkpoints: readonly RemoteCheckpoint[],
    lossFn: LossName | NamedLoss | WorkerValue,
    options: RemoteOptions<TracInOptions> = {},
  ): Omit<RemoteTracIn<Item>, 'resetPredictor'> {
    return this.#tracIn('TracIn', checkpoints, lossFn, options)
  }

  /** A TracIn of checkpoints that all have stores, without a fit. */
  openTracIn(
    checkpoints: readonly Required<RemoteCheckpoint>[],
    lossFn: LossName | NamedLoss | WorkerValue,
    options: RemoteOptions<TracInOptions> = {},
  ): Omit<RemoteTracIn<Item>, 'resetPredictor'> {
    return this.#tracIn('TracIn.open', checkpoints, lossFn, options)
  }

  #tracIn(name: ExplainerName, ...given: readonly unknown[]): RemoteTracIn<Item> {
    const names = ['checkpoints', 'lossFn', '']
    const named = names.map((argument, i) => [argument, given[i]] as const)
    return new RemoteTracIn(this.#connection, name, named)
  }

  /** An IntegratedGradients in the worker. */
  integratedGradients(
    options: RemoteOptions<IntegratedGradientsOptions> = {},
  ): RemoteAttributionOf<IntegratedGradientsData, IntegratedGradientsExplainOptions<Item>, Item> {
    return this.#attribution('IntegratedGradients', options)
  }

  /** A Gradient in the worker. */
  gradient(
    options: RemoteOptions<GradientOptions<Item>> = {},
  ): RemoteAttributionOf<GradientData, GradientExplainOptions, Item> {
    return this.#attribution('Gradient', options)
  }

  /** An ExpectedGradients in the worker. */
  expectedGradients(
    options: RemoteOptions<ExpectedGradientsOptions> = {},
  ): RemoteAttributionOf<ExpectedGradientsData, ExpectedGradientsExplainOptions<Item>, Item> {
    return this.#attribution('ExpectedGradients', options)
  }

  /** A GradCam in the worker. */
  gradCam(
    options: RemoteOptions<GradCamOptions> = {},
  ): RemoteAttributionOf<GradCamData, GradCamExplainOptions, Item> {
    return this.#attribution('GradCam', options)
  }

  /** An Occlusion in the worker. */
  occlusion(
    options: RemoteOptions<OcclusionOptions> = {},
  ): RemoteAttributionOf<OcclusionData, OcclusionExplainOptions<Item>, Item> {
    return this.#attribution('Occlusion', options)
  }

  /** The model itself, for its outputs on a device of your choice. */
  model(options: ModelOptions = {}): RemoteModel<Item> {
    return new RemoteModel(this.#connection, 'ModelOutputs', [['', options]])
  }

  #attribution<Data extends object, Options, Of>(
    name: ExplainerName,
    options: object,
  ): RemoteAttributionOf<Data, Options, Of> {
    const explainer = new RemoteAttribution(this.#connection, name, [['', options]])
    return explainer as unknown as RemoteAttributionOf<Data, Options, Of>
  }

  /** Ends the worker. Calls still running reject with a DisposedError. */
  dispose(): void {
    this.#connection.close()
  }

  /** Calls `dispose()`, at the end of a block with `using`. */
  [Symbol.dispose](): void {
    this.dispose()
  }
}

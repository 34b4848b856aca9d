import { lazyModule } from '../lazy-module.js'
import type { ArrayInput } from '../array-input.js'
import type { Explanation } from '../explanation.js'
import type { NdArray } from '../ndarray.js'
import { type CallOptions, type DeviceChoice, assertKnownKeys } from '../options.js'
import type { Predictor } from '../predictor.js'
import { readRequest } from './attribution/attribution-call.js'
import { type Baselines, copyBaselines } from './reading/baselines.js'
import { type Inputs, inputsBut } from './reading/inputs.js'
import type { TargetInput } from './reading/targets.js'
import { BatchSize, type BatchSizeOption } from './session/batch-size.js'
import { Explainer } from './session/explainer.js'
import { ModelSession } from './session/model-session.js'

const useWindows = lazyModule(() => import('./attribution/occluded-scores.js'))

/** A length per axis of an example of one input; for several inputs, a list of them or an object by input name. */
export type WindowLengths =
  | readonly number[]
  | readonly (readonly number[] | null)[]
  | Readonly<Record<string, readonly number[] | null>>

export interface OcclusionOptions {
  /**
   * The lengths of the window that is hidden, one for each axis of an example. Default: 1 for features and tokens; for time
   * series and images an eighth of each axis, and for images all channels.
   */
  readonly windowShape?: WindowLengths
  /** The steps of the window along each axis. Default: half of the window, at least 1; all of it along channels. */
  readonly strides?: WindowLengths
  /** Windows in one pass. Default 'auto': as many as 48 MiB of activations allow, at most 100. */
  readonly internalBatchSize?: BatchSizeOption
  /** Default 'auto': webgpu, else wasm, else cpu. */
  readonly device?: DeviceChoice
  /** Show progress: a line in the terminal, entries in the browser's console. Default false. */
  readonly verbose?: boolean
}

const optionNames: readonly (keyof OcclusionOptions)[] = [
  'windowShape',
  'strides',
  'internalBatchSize',
  'device',
  'verbose',
]

export interface OcclusionExplainOptions<Item = never> extends CallOptions {
  /** Which output is explained; as for IntegratedGradients. */
  readonly target?: TargetInput | undefined
  /** What hides the window: zeros, a number, an example, one per example; as for IntegratedGradients. Default zeros. */
  readonly baselines?: Baselines<Item> | undefined
  /** Further named arguments, as for IntegratedGradients. */
  readonly forwardKwargs?: Readonly<Record<string, ArrayInput>> | undefined
}

export interface OcclusionData {
  /**
   * f32, one array per input: by how much the output falls when the element is hidden, the mean over the windows with it. Of
   * the input's shape; where windows hide all channels, the axis of channels has length 1.
   */
  readonly attributions: readonly NdArray[]
  /** The names of the inputs. */
  readonly attributionNames: readonly string[]
  /** The examples; a list if there are several inputs. */
  readonly x: NdArray | readonly NdArray[]
  /** The model's whole output. */
  readonly predictions: NdArray
  /** The explained output of each example; null for a single output without target, and for a sum. */
  readonly target: NdArray | null
  /** For a target { sum }, the outputs that are summed. */
  readonly targetSum?: NdArray
}

/**
 * Hides one window of an input after the other, and measures by how much the explained output falls. It needs no gradients:
 * any function that predicts can be explained, see `functionPredictor`.
 *
 * Zeiler and Fergus (2014), "Visualizing and understanding convolutional networks"; the mean over overlapping windows as in
 * captum's Occlusion.
 *
 * @example
 * using explainer = new Occlusion(tfjsPredictor(model), { windowShape: [8, 8, 3], strides: [4, 4, 3] })
 * const { attributions } = await explainer.explain(photo, { target: 285 })
 */
export class Occlusion<Value = unknown, Item = never> extends Explainer<Value, Item> {
  readonly #model: ModelSession<Value>
  readonly #options: OcclusionOptions
  readonly #batchSize: BatchSize

  /** @throws InvalidArgumentError for an unknown option value */
  constructor(predictor: Predictor<Value, Item>, options: OcclusionOptions = {}) {
    assertKnownKeys('options', options, optionNames)
    const model = new ModelSession(predictor, options.device)
    super(model)
    this.#model = model
    this.#options = options
    this.#batchSize = new BatchSize('internalBatchSize', options.internalBatchSize ?? 'auto', 100)
  }

  /**
   * Attributes one output of each example to its inputs.
   *
   * @param x [N, …], one example without the batch axis, or a list of one array per model input; or raw items that the
   *   predictor preprocesses
   * @throws InvalidArgumentError, NonFiniteError, DeviceError, DisposedError, MemoryError, or the signal's reason
   */
  async explain(
    x: Inputs<Item>,
    options: OcclusionExplainOptions<Item> = {},
  ): Promise<Explanation<OcclusionData>> {
    assertKnownKeys('options', options, [
      ...['target', 'baselines', 'forwardKwargs', 'signal', 'onProgress'],
    ])
    const { target, baselines, forwardKwargs = {}, signal, onProgress } = options
    const call = this.#model.begin(signal)
    const { predictor } = this.#model
    const specs = inputsBut('forwardKwargs', predictor, forwardKwargs)
    const [request, readBaselines] = await Promise.all([
      readRequest(predictor, x, specs, 'forwardKwargs', forwardKwargs, target),
      copyBaselines(baselines, specs, predictor),
    ])
    const { explainByOcclusion } = await useWindows()
    return explainByOcclusion(call, request, specs, readBaselines, {
      ...this.#options,
      batchSize: this.#batchSize,
      onProgress,
      deviceName: () => this.device,
    })
  }
}

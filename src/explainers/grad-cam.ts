import { lazyModule } from '../lazy-module.js'
import type { ArrayInput } from '../array-input.js'
import type { Explanation } from '../explanation.js'
import type { NdArray } from '../ndarray.js'
import { type CallOptions, type DeviceChoice, assertKnownKeys, readChoice } from '../options.js'
import type { Predictor } from '../predictor.js'
import { readRequest } from './attribution/attribution-call.js'
import { type Inputs, inputsBut } from './reading/inputs.js'
import type { TargetInput } from './reading/targets.js'
import { BatchSize, type BatchSizeOption } from './session/batch-size.js'
import { Explainer } from './session/explainer.js'
import { ModelSession } from './session/model-session.js'

const useMaps = lazyModule(() => import('./attribution/class-activation.js'))

/** How channels are weighted: by the mean of their gradient, or position by position. */
export type ClassActivationMethod = 'grad_cam' | 'layer_cam'

/** How a map is enlarged to the size of the input. */
export type Interpolation = 'bilinear' | 'nearest'

export interface GradCamOptions {
  /**
   * The layer whose outputs are mapped, with at least one spatial axis: its name, the layer itself or a function that
   * returns it from the model. Default: the last convolution whose outputs have more than one position, after the
   * normalization and activation that follow it.
   */
  readonly layer?: unknown
  /** Default 'grad_cam'. */
  readonly method?: ClassActivationMethod
  /** Default 'bilinear'. */
  readonly interpolation?: Interpolation
  /** The input to whose size the map is enlarged, by name. Required if several inputs have as many spatial axes. */
  readonly input?: string
  /** Examples in one pass. Default 'auto': as many as 48 MiB of activations allow, at most 100. */
  readonly internalBatchSize?: BatchSizeOption
  /** Default 'auto': webgpu, else wasm, else cpu. */
  readonly device?: DeviceChoice
  /** Show progress: a line in the terminal, entries in the browser's console. Default false. */
  readonly verbose?: boolean
}

const optionNames: readonly (keyof GradCamOptions)[] = [
  'layer',
  'method',
  'interpolation',
  'input',
  'internalBatchSize',
  'device',
  'verbose',
]

export interface GradCamExplainOptions extends CallOptions {
  /** Which output is explained; as for IntegratedGradients. */
  readonly target?: TargetInput | undefined
  /** Further named arguments, as for IntegratedGradients. */
  readonly forwardKwargs?: Readonly<Record<string, ArrayInput>> | undefined
}

export interface GradCamData {
  /** f32, one array: the map at the size of the input, [N, height, width, 1], in the order of the input's axes. */
  readonly attributions: readonly NdArray[]
  /** The name of that input. */
  readonly attributionNames: readonly string[]
  /** f32 [N, h, w]: the map at the size of the layer. */
  readonly maps: NdArray
  /** The examples of that input. */
  readonly x: NdArray
  /** The model's whole output. */
  readonly predictions: NdArray
  /** The explained output of each example; null for a single output without target, and for a sum. */
  readonly target: NdArray | null
  /** For a target { sum }, the outputs that are summed. */
  readonly targetSum?: NdArray
}

/**
 * Class activation maps: where in the input the features of a layer speak for an output.
 *
 * Grad-CAM: relu(Σ_c w_c A_c), w_c the mean of ∂F/∂A_c over the positions (Selvaraju et al., 2017). LayerCAM:
 * relu(Σ_c relu(∂F/∂A_c) A_c), position by position (Jiang et al., 2021). Explain logits rather than probabilities:
 * `tfjsPredictor(model, { logits: true })`.
 *
 * @example
 * using explainer = new GradCam(tfjsPredictor(model, { logits: true }))
 * const { attributions } = await explainer.explain(photo, { target: 285 })
 */
export class GradCam<Value = unknown, Item = never> extends Explainer<Value, Item> {
  readonly #model: ModelSession<Value>
  readonly #options: GradCamOptions
  readonly #method: ClassActivationMethod
  readonly #interpolation: Interpolation
  readonly #batchSize: BatchSize

  /** @throws InvalidArgumentError for an unknown option value */
  constructor(predictor: Predictor<Value, Item>, options: GradCamOptions = {}) {
    assertKnownKeys('options', options, optionNames)
    const { method = 'grad_cam', interpolation = 'bilinear' } = options
    const model = new ModelSession(predictor, options.device)
    super(model)
    this.#model = model
    this.#options = options
    this.#method = readChoice('method', method, ['grad_cam', 'layer_cam'])
    this.#interpolation = readChoice('interpolation', interpolation, ['bilinear', 'nearest'])
    this.#batchSize = new BatchSize('internalBatchSize', options.internalBatchSize ?? 'auto', 100)
  }

  /**
   * Maps one output of each example.
   *
   * @param x [N, …], one example without the batch axis, or a list of one array per model input; or raw items that the
   *   predictor preprocesses
   * @throws InvalidArgumentError, NonFiniteError, UnsupportedError for a layer without spatial axes, a model without
   *   convolutions, or an op without gradient, DeviceError, DisposedError, MemoryError, or the signal's reason
   */
  async explain(
    x: Inputs<Item>,
    options: GradCamExplainOptions = {},
  ): Promise<Explanation<GradCamData>> {
    assertKnownKeys('options', options, ['target', 'forwardKwargs', 'signal', 'onProgress'])
    const { target, forwardKwargs = {}, signal, onProgress } = options
    const call = this.#model.begin(signal)
    const { predictor } = this.#model
    const specs = inputsBut('forwardKwargs', predictor, forwardKwargs)
    const request = await readRequest(predictor, x, specs, 'forwardKwargs', forwardKwargs, target)
    const { explainByMaps } = await useMaps()
    return explainByMaps(call, request, specs, {
      ...this.#options,
      method: this.#method,
      interpolation: this.#interpolation,
      batchSize: this.#batchSize,
      onProgress,
      deviceName: () => this.device,
    })
  }
}

import { lazyModule } from '../lazy-module.js'
import type { Explanation } from '../explanation.js'
import { assertKnownKeys, readChoice } from '../options.js'
import type { Predictor } from '../predictor.js'
import { readRequest } from './reading/attribution-request.js'
import { type Inputs, inputsBut } from './reading/inputs.js'
import { BatchSize } from './session/batch-size.js'
import { Explainer } from './session/explainer.js'
import { ModelSession } from './session/model-session.js'
import type {
  ClassActivationMethod,
  Interpolation,
  GradCamOptions,
  GradCamExplainOptions,
  GradCamData,
} from './attribution/maps/map-options.js'

const useMaps = lazyModule(() => import('./attribution/maps/class-activation.js'))

const optionNames: readonly (keyof GradCamOptions)[] = [
  'layer',
  'channels',
  'method',
  'interpolation',
  'input',
  'internalBatchSize',
  'device',
  'verbose',
]

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
    if (options.channels !== undefined) {
      readChoice('channels', options.channels, ['first', 'last'])
    }
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

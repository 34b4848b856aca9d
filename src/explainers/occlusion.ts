import { lazyModule } from '../lazy-module.js'
import type { Explanation } from '../explanation.js'
import { assertKnownKeys } from '../options.js'
import type { Predictor } from '../predictor.js'
import { readRequest } from './reading/attribution-request.js'
import { copyBaselines } from './reading/baselines.js'
import { type Inputs, inputsBut } from './reading/inputs.js'
import { BatchSize } from './session/batch-size.js'
import { Explainer } from './session/explainer.js'
import { ModelSession } from './session/model-session.js'
import type {
  OcclusionOptions,
  OcclusionExplainOptions,
  OcclusionData,
} from './attribution/occlusion/occlusion-options.js'

const useWindows = lazyModule(() => import('./attribution/occlusion/occluded-scores.js'))

const optionNames: readonly (keyof OcclusionOptions)[] = [
  'windowShape',
  'strides',
  'internalBatchSize',
  'device',
  'verbose',
]

/**
 * Hides one window of an input after the other, and measures by how much the explained output falls. It needs no gradients:
 * any function that predicts can be explained, see `functionPredictor`.
 *
 * Zeiler and Fergus (2014), "Visualizing and understanding convolutional networks"; the mean over overlapping windows as in
 * captum's Occlusion.
 *
 * @example
 * using explainer = new Occlusion(tfjsPredictor(model), {
 *   windowShape: [8, 8, 3],
 *   strides: [4, 4, 3],
 * })
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

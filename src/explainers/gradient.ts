import { lazyModule } from '../lazy-module.js'
import { BatchSize } from './session/batch-size.js'
import { InvalidArgumentError } from '../errors.js'
import type { Explanation } from '../explanation.js'
import type { NdArray } from '../ndarray.js'
import { describe, assertKnownKeys, readPositiveInteger } from '../options.js'
import type { Predictor } from '../predictor.js'
import { type Inputs, inputsBut } from './reading/inputs.js'
import { ModelSession } from './session/model-session.js'
import { readSmoothGrad, type SmoothGradOptions } from './attribution/gradients/smooth-grad.js'
import { readRequest } from './reading/attribution-request.js'
import { Explainer } from './session/explainer.js'
import type {
  GradientOptions,
  GradientExplainOptions,
  GradientData,
} from './attribution/gradients/gradient-options.js'

const useGradients = lazyModule(() => import('./attribution/gradients/explain-gradients.js'))

const optionNames: readonly (keyof GradientOptions)[] = [
  'layer',
  'nClasses',
  'forwardArgExtractor',
  'additionalForwardArgExtractor',
  'multiplyByInputs',
  'smoothGrad',
  'internalBatchSize',
  'device',
  'verbose',
]

/**
 * The signed gradient of the selected output with respect to the inputs, or to the outputs of layers: no absolute
 * value, no pooling.
 *
 * Simonyan et al. (2014), "Deep inside convolutional networks"; options and results as pnpxai's Gradient. With
 * `smoothGrad`: Smilkov et al. (2017), "SmoothGrad: removing noise by adding noise".
 *
 * @example
 * using explainer = new Gradient(tfjsPredictor(model))
 * const { attributions } = await explainer.explain(x, { target: 3 })
 */
export class Gradient<Value = unknown, Item = never, Batch = Inputs<Item>> extends Explainer<
  Value,
  Item
> {
  readonly #model: ModelSession<Value>
  readonly #options: GradientOptions<Item, Batch>
  readonly #batchSize: BatchSize
  readonly #smoothGrad: Required<SmoothGradOptions> | null

  /** @throws InvalidArgumentError for an unknown option value */
  constructor(predictor: Predictor<Value, Item>, options: GradientOptions<Item, Batch> = {}) {
    assertKnownKeys('options', options, optionNames)
    for (const name of ['forwardArgExtractor', 'additionalForwardArgExtractor'] as const) {
      const extractor: unknown = options[name]
      if (extractor !== undefined && typeof extractor !== 'function') {
        throw new InvalidArgumentError(name, describe(extractor), 'a function of the batch')
      }
    }
    if (options.nClasses !== undefined) readPositiveInteger('nClasses', options.nClasses)
    const model = new ModelSession(predictor, options.device)
    super(model)
    this.#model = model
    this.#options = options
    this.#batchSize = new BatchSize('internalBatchSize', options.internalBatchSize ?? 'auto', 100)
    this.#smoothGrad =
      options.smoothGrad === undefined ? null : readSmoothGrad('smoothGrad', options.smoothGrad)
  }

  /**
   * Returns the gradient of one output of each example.
   *
   * @param batch the model's inputs, as for IntegratedGradients, or the batch from which the extractors select them
   * @throws InvalidArgumentError, NonFiniteError, UnsupportedError for an input, layer or op without gradient,
   *   DeviceError, DisposedError, or the signal's reason
   */
  async explain(
    batch: Batch,
    options: GradientExplainOptions = {},
  ): Promise<Explanation<GradientData>> {
    assertKnownKeys('options', options, ['target', 'signal', 'onProgress'])
    const { target, signal, onProgress } = options
    const call = this.#model.begin(signal)
    const { predictor } = this.#model
    const { forwardArgExtractor, additionalForwardArgExtractor } = this.#options
    const named = additionalForwardArgExtractor?.(batch) ?? {}
    const specs = inputsBut('additionalForwardArgExtractor', predictor, named)
    const request = await readRequest(
      predictor,
      forwardArgExtractor?.(batch) ?? (batch as Inputs<Item>),
      specs,
      'additionalForwardArgExtractor',
      named,
      target,
    )
    const { explainGradients } = await useGradients()
    return explainGradients(call, request, specs, {
      ...this.#options,
      smoothGrad: this.#smoothGrad,
      batchSize: this.#batchSize,
      onProgress,
      checkPredictions: (predictions) => {
        this.#checkClasses(predictions)
      },
      deviceName: () => this.device,
    })
  }

  #checkClasses({ shape }: NdArray): void {
    const { nClasses } = this.#options
    const classCount = shape.length > 1 ? (shape.at(-1) ?? 1) : 1
    if (nClasses === undefined || nClasses === classCount) return
    throw new InvalidArgumentError(
      'nClasses',
      String(nClasses),
      `${classCount}, which the model's output of shape [${shape.join(', ')}] has`,
    )
  }
}

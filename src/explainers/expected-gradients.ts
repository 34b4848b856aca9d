import { lazyModule } from '../lazy-module.js'
import { BatchSize } from './session/batch-size.js'
import { InvalidArgumentError } from '../errors.js'
import type { Explanation } from '../explanation.js'
import { assertKnownKeys, readPositiveInteger } from '../options.js'
import type { Predictor } from '../predictor.js'
import { readSeed } from '../random.js'
import { type Inputs, inputsBut, readInputs } from './reading/inputs.js'
import { ModelSession } from './session/model-session.js'
import { readRequest } from './reading/attribution-request.js'
import { Explainer } from './session/explainer.js'
import type {
  ExpectedGradientsOptions,
  ExpectedGradientsExplainOptions,
  ExpectedGradientsData,
} from './attribution/paths/expectation-options.js'

const useExpectations = lazyModule(() => import('./attribution/paths/explain-expectations.js'))

const optionNames: readonly (keyof ExpectedGradientsOptions)[] = [
  'layer',
  'nSamples',
  'seed',
  'internalBatchSize',
  'device',
  'verbose',
]

const explainOptionNames: readonly (keyof ExpectedGradientsExplainOptions)[] = [
  'background',
  'forwardKwargs',
  'target',
  'attributeToLayerInputs',
  'signal',
  'onProgress',
]

/**
 * Integrated gradients without a choice of baseline: the mean of (x − b) ⊙ ∇F(b + α (x − b)) over baselines b drawn
 * from given data and α uniform in [0, 1). They sum to F(x) minus the mean of F over the data, apart from the error
 * of the sampling, which falls with the square root of `nSamples`.
 *
 * Erion et al. (2021), "Improving performance of deep learning models with axiomatic attribution priors and
 * expected gradients".
 *
 * @example
 * using explainer = new ExpectedGradients(tfjsPredictor(model), { nSamples: 200 })
 * const { attributions } = await explainer.explain(x, {
 *   background: xTrain,
 *   target: 3,
 * })
 */
export class ExpectedGradients<Value = unknown, Item = never> extends Explainer<Value, Item> {
  readonly #model: ModelSession<Value>
  readonly #layer: unknown
  readonly #nSamples: number
  readonly #seed: number
  readonly #batchSize: BatchSize
  readonly #verbose: boolean

  /** @throws InvalidArgumentError for an unknown option value */
  constructor(predictor: Predictor<Value, Item>, options: ExpectedGradientsOptions = {}) {
    assertKnownKeys('options', options, optionNames)
    const model = new ModelSession(predictor, options.device)
    super(model)
    this.#model = model
    this.#layer = options.layer
    this.#nSamples = readPositiveInteger('nSamples', options.nSamples ?? 100)
    this.#seed = readSeed('seed', options.seed ?? 0)
    this.#batchSize = new BatchSize('internalBatchSize', options.internalBatchSize ?? 'auto', 100)
    this.#verbose = options.verbose ?? false
  }

  /**
   * Attributes one output of each example to its inputs.
   *
   * @param x [N, …], one example without the batch axis, or a list of one array per model input; or raw items that the
   *   predictor preprocesses
   * @throws InvalidArgumentError, NonFiniteError, UnsupportedError for an input, layer or op without gradient,
   *   DeviceError, DisposedError, MemoryError, or the signal's reason
   */
  async explain(
    x: Inputs<Item>,
    options: ExpectedGradientsExplainOptions<Item>,
  ): Promise<Explanation<ExpectedGradientsData>> {
    assertKnownKeys('options', options, explainOptionNames)
    const { background, forwardKwargs = {}, target, signal, onProgress } = options
    const { attributeToLayerInputs = false } = options
    const call = this.#model.begin(signal)
    const { predictor } = this.#model
    if ((background as unknown) === undefined) {
      throw new InvalidArgumentError('background', 'none', 'examples to draw baselines from')
    }
    const specs = inputsBut('forwardKwargs', predictor, forwardKwargs)
    const [request, drawnFrom] = await Promise.all([
      readRequest(predictor, x, specs, 'forwardKwargs', forwardKwargs, target),
      readInputs('background', background, specs, predictor),
    ])
    const { explainExpectations } = await useExpectations()
    return explainExpectations(call, request, specs, drawnFrom, {
      layer: this.#layer,
      attributeToLayerInputs,
      nSamples: this.#nSamples,
      seed: this.#seed,
      batchSize: this.#batchSize,
      verbose: this.#verbose,
      onProgress,
      deviceName: () => this.device,
    })
  }
}

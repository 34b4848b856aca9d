import { lazyModule } from '../lazy-module.js'
import { BatchSize } from './session/batch-size.js'
import { InvalidArgumentError } from '../errors.js'
import type { Explanation } from '../explanation.js'
import type { NdArray } from '../ndarray.js'
import { describe, assertKnownKeys, readPositiveInteger } from '../options.js'
import type { Predictor } from '../predictor.js'
import { copyEachBaseline } from './reading/baselines.js'
import { type Inputs, inputsBut } from './reading/inputs.js'
import { ModelSession } from './session/model-session.js'
import type { Accuracy } from './attribution/paths/path-attributions.js'
import { assertQuadrature } from './attribution/paths/quadrature-method.js'
import { readRequest } from './reading/attribution-request.js'
import type { TargetInput } from './reading/targets.js'
import { Explainer } from './session/explainer.js'
import type {
  IntegratedGradientsOptions,
  IntegratedGradientsExplainOptions,
  IntegratedGradientsData,
} from './attribution/paths/path-options.js'

const usePaths = lazyModule(() => import('./attribution/paths/explain-paths.js'))

const optionNames: readonly (keyof IntegratedGradientsOptions)[] = [
  'layer',
  'targetFn',
  'method',
  'nSteps',
  'tolerance',
  'maxSteps',
  'internalBatchSize',
  'device',
  'verbose',
]

const explainOptionNames: readonly (keyof IntegratedGradientsExplainOptions)[] = [
  'forwardKwargs',
  'baselines',
  'target',
  'attributeToLayerInputs',
  'signal',
  'onProgress',
]

/**
 * Which parts of the input did the model look at? Attributions (x − b) ⊙ Σ_k w_k ∇F(b + α_k (x − b)) along the
 * straight path from a baseline b. They sum to F(x) − F(b), apart from the error of the quadrature, the delta.
 *
 * Sundararajan, Taly and Yan (2017), "Axiomatic attribution for deep networks"; figures as alibi's
 * IntegratedGradients, whose trapezoid weights and sigmoid deltas are corrected.
 *
 * @example
 * using explainer = new IntegratedGradients(tfjsPredictor(model))
 * const { attributions, deltas } = await explainer.explain(x, { target: 3 })
 */
export class IntegratedGradients<Value = unknown, Item = never> extends Explainer<Value, Item> {
  readonly #model: ModelSession<Value>
  readonly #targetFn: ((predictions: NdArray) => TargetInput) | undefined
  readonly #accuracy: Accuracy
  readonly #batchSize: BatchSize
  readonly #verbose: boolean
  readonly #layer: unknown

  /** @throws InvalidArgumentError for an unknown option value */
  constructor(predictor: Predictor<Value, Item>, options: IntegratedGradientsOptions = {}) {
    assertKnownKeys('options', options, optionNames)
    const model = new ModelSession(predictor, options.device)
    super(model)
    this.#model = model
    this.#accuracy = readAccuracy(options)
    this.#batchSize = new BatchSize('internalBatchSize', options.internalBatchSize ?? 'auto', 100)
    this.#targetFn = options.targetFn
    if (this.#targetFn !== undefined && typeof this.#targetFn !== 'function') {
      throw new InvalidArgumentError('targetFn', describe(this.#targetFn), 'a function')
    }
    this.#verbose = options.verbose ?? false
    this.#layer = options.layer
  }

  /**
   * Attributes one output of each example to its inputs.
   *
   * @param x [N, …], one example without the batch axis, or a list of one array per model input; or raw items that the
   *   predictor preprocesses
   * @throws InvalidArgumentError, NonFiniteError, UnsupportedError for an input or op without gradient,
   *   DeviceError, DisposedError, or the signal's reason
   */
  async explain(
    x: Inputs<Item>,
    options: IntegratedGradientsExplainOptions<Item> = {},
  ): Promise<Explanation<IntegratedGradientsData>> {
    assertKnownKeys('options', options, explainOptionNames)
    const { forwardKwargs = {}, baselines, target, signal, onProgress } = options
    const { attributeToLayerInputs = false } = options
    const call = this.#model.begin(signal)
    const { predictor } = this.#model
    if (target !== undefined && this.#targetFn !== undefined) {
      throw new InvalidArgumentError('target', 'a target and a targetFn', 'one of the two')
    }
    const specs = inputsBut('forwardKwargs', predictor, forwardKwargs)
    const [request, begins] = await Promise.all([
      readRequest(predictor, x, specs, 'forwardKwargs', forwardKwargs, target),
      copyEachBaseline(baselines, specs, predictor),
    ])
    const { explainPaths } = await usePaths()
    return explainPaths(call, request, specs, begins, {
      layer: this.#layer,
      attributeToLayerInputs,
      baselines,
      targetFn: this.#targetFn,
      accuracy: this.#accuracy,
      batchSize: this.#batchSize,
      verbose: this.#verbose,
      onProgress,
      deviceName: () => this.device,
    })
  }
}

function readAccuracy(options: IntegratedGradientsOptions): Accuracy {
  const { method = 'gausslegendre', nSteps = 50, tolerance = null } = options
  assertQuadrature(method, nSteps)
  if (tolerance === null) {
    if (options.maxSteps === undefined) return { method, nSteps, tolerance, maxSteps: nSteps }
    throw new InvalidArgumentError('maxSteps', describe(options.maxSteps), 'a tolerance with it')
  }
  if (!(tolerance > 0 && Number.isFinite(tolerance))) {
    throw new InvalidArgumentError('tolerance', describe(tolerance), 'a number above 0')
  }
  const maxSteps = readPositiveInteger('maxSteps', options.maxSteps ?? 16 * nSteps)
  if (maxSteps >= nSteps) return { method, nSteps, tolerance, maxSteps }
  throw new InvalidArgumentError('maxSteps', String(maxSteps), `nSteps, ${nSteps}, or more`)
}

import type { Inputs } from '../../explainers/reading/inputs.js'
import { ModelSession } from '../../explainers/session/model-session.js'
import {
  type Device,
  type DeviceChoice,
  deviceChoices,
  assertKnownKeys,
  readChoice,
  readPositiveInteger,
} from '../../options.js'
import type { Predictor } from '../../predictor.js'
import { readSeed } from '../../random.js'
import type { Arrays } from '../arrays.js'
import { type CompletenessData, computeCompleteness } from './completeness.js'
import { type CurveData, computeCurve } from './curves.js'
import { type AttributionMeasureOptions, type EvaluatedCase, readCase } from './evaluated-case.js'
import {
  type CorrelationName,
  correlationNames,
  type MuFidelityData,
  correlateSubsets,
} from './mu-fidelity.js'

/** Options of an AttributionEvaluator. */
export interface AttributionEvaluatorOptions {
  /** Default 'auto': the first of webgpu, wasm and cpu that works. */
  readonly device?: DeviceChoice
  /**
   * How many perturbed examples are computed in one pass. Memory and the length of each task grow
   * with it. Default 64.
   */
  readonly batchSize?: number
}

const optionNames: readonly (keyof AttributionEvaluatorOptions)[] = ['device', 'batchSize']

/** Options of `evaluator.deletion` and `evaluator.insertion`. */
export interface CurveOptions<Item = never> extends AttributionMeasureOptions<Item> {
  /**
   * The number of equal steps in which the features change, at most one per feature. Default 50.
   */
  readonly steps?: number | undefined
}

/** Options of `evaluator.muFidelity`. */
export interface MuFidelityOptions<Item = never> extends AttributionMeasureOptions<Item> {
  /** The number of random subsets. All examples share the same subsets. Default 200. */
  readonly samples?: number | undefined
  /** The number of features in a subset. Default: a fifth of all features, rounded, at least 1. */
  readonly subsetSize?: number | undefined
  /** Default 'pearson', the authors' definition. 'spearman' compares ranks. */
  readonly correlation?: CorrelationName | undefined
  /** The seed of the subsets. Default 0. */
  readonly seed?: number | undefined
}

/**
 * Measures how well attributions fit the model, by running the model on perturbed examples. The
 * attributions can come from any method. F is the explained output.
 *
 * Attributions are one array per input of the model, with the input's shape, such as the
 * `attributions` of IntegratedGradients. All measures reject with InvalidArgumentError,
 * NonFiniteError, DeviceError, DisposedError or the signal's reason.
 *
 * @example
 * using evaluator = new AttributionEvaluator(tfjsPredictor(model))
 * const { areas } = await evaluator.deletion(x, attributions, { target: 3 })
 */
export class AttributionEvaluator<Value = unknown, Item = never> {
  readonly #model: ModelSession<Value>
  readonly #batchSize: number

  /** @throws InvalidArgumentError for an unknown option value */
  constructor(predictor: Predictor<Value, Item>, options: AttributionEvaluatorOptions = {}) {
    assertKnownKeys('options', options, optionNames)
    this.#batchSize = readPositiveInteger('batchSize', options.batchSize ?? 64)
    const device = readChoice('device', options.device ?? 'auto', deviceChoices)
    this.#model = new ModelSession(predictor, device)
  }

  /** The device in use. Null before the first measure. */
  get device(): Device | null {
    return this.#model.device
  }

  /** Why the preferred devices are not in use. Null if the first choice is. */
  get fallbackReason(): string | null {
    return this.#model.fallbackReason
  }

  /**
   * Returns the sum of each example's attributions minus F(x) − F(baseline). 0 is best.
   *
   * The axiom of Sundararajan, Taly and Yan (2017), "Axiomatic attribution for deep networks". The
   * result is a difference, not a verdict, because float32 never meets the equation exactly.
   */
  async completeness(
    x: Inputs<Item>,
    attributions: Arrays,
    options: AttributionMeasureOptions<Item> = {},
  ): Promise<CompletenessData> {
    assertKnownKeys('options', options, measureOptions)
    return computeCompleteness(await this.#read(x, attributions, options))
  }

  /**
   * Removes features in descending order of attribution. Returns the curve of F and the area under
   * it. Lower is better: F falls early if the features with the greatest attributions matter.
   *
   * Petsiuk, Das and Saenko (2018), "RISE: Randomized input sampling for explanation of black-box
   * models". Features are ordered by signed attribution, ties by index. After step s of n,
   * ⌊s d / n⌋ of the d features are changed. Each trapezoid has the true width of its step.
   */
  async deletion(
    x: Inputs<Item>,
    attributions: Arrays,
    options: CurveOptions<Item> = {},
  ): Promise<CurveData> {
    return this.#measureCurve('deletion', x, attributions, options)
  }

  /**
   * Inserts features into the baseline in descending order of attribution. Returns the curve of F
   * and the area under it. Higher is better. The source and the details are those of `deletion`.
   */
  async insertion(
    x: Inputs<Item>,
    attributions: Arrays,
    options: CurveOptions<Item> = {},
  ): Promise<CurveData> {
    return this.#measureCurve('insertion', x, attributions, options)
  }

  /**
   * Returns the correlation between the sum of a subset's attributions and F(x) − F(x with the
   * subset at the baseline), over random subsets of one size. 1 is best; 0 is chance.
   *
   * Bhatt, Weller and Moura (2020), "Evaluating and aggregating feature-based model explanations",
   * definition 3. The defaults are their Pearson correlation and fixed subset size, as in Quantus.
   * xplique uses Spearman's correlation, draws each feature independently, and counts an undefined
   * correlation as 0. Here an undefined correlation is NaN and left out of the mean.
   */
  async muFidelity(
    x: Inputs<Item>,
    attributions: Arrays,
    options: MuFidelityOptions<Item> = {},
  ): Promise<MuFidelityData> {
    assertKnownKeys('options', options, [
      ...measureOptions,
      'samples',
      'subsetSize',
      'correlation',
      'seed',
    ])
    const { samples = 200, subsetSize, correlation = 'pearson', seed = 0 } = options
    const read = {
      samples: readPositiveInteger('samples', samples),
      subsetSize:
        subsetSize === undefined ? undefined : readPositiveInteger('subsetSize', subsetSize),
      correlation: readChoice('correlation', correlation, correlationNames),
      seed: readSeed('seed', seed),
    }
    return correlateSubsets(await this.#read(x, attributions, options), read)
  }

  /** Frees the evaluator's memory. Running calls reject. The predictor's model stays as it is. */
  dispose(): void {
    this.#model.dispose()
  }

  /** Calls `dispose()`, at the end of a block with `using`. */
  [Symbol.dispose](): void {
    this.dispose()
  }

  async #measureCurve(
    measure: 'deletion' | 'insertion',
    x: Inputs<Item>,
    attributions: Arrays,
    options: CurveOptions<Item>,
  ): Promise<CurveData> {
    assertKnownKeys('options', options, [...measureOptions, 'steps'])
    const steps = readPositiveInteger('steps', options.steps ?? 50)
    return computeCurve(measure, await this.#read(x, attributions, options), steps)
  }

  #read(
    x: Inputs<Item>,
    attributions: Arrays,
    options: AttributionMeasureOptions<Item>,
  ): Promise<EvaluatedCase<Value>> {
    const call = this.#model.begin(options.signal)
    return readCase(call, this.#model.predictor, x, attributions, options, this.#batchSize)
  }
}

const measureOptions: readonly (keyof AttributionMeasureOptions)[] = [
  'target',
  'baselines',
  'forwardKwargs',
  'groupLastAxis',
  'signal',
  'onProgress',
]

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

export interface AttributionEvaluatorOptions {
  /** Default 'auto': webgpu, else wasm, else cpu. */
  readonly device?: DeviceChoice
  /** Perturbed examples in one pass: memory and the length of a task grow with it. Default 64. */
  readonly batchSize?: number
}

const optionNames: readonly (keyof AttributionEvaluatorOptions)[] = ['device', 'batchSize']

export interface CurveOptions<Item = never> extends AttributionMeasureOptions<Item> {
  /** In how many equal parts the features are changed; at most one feature a step. Default 50. */
  readonly steps?: number | undefined
}

export interface MuFidelityOptions<Item = never> extends AttributionMeasureOptions<Item> {
  /** How many subsets are drawn, the same ones for all examples. Default 200. */
  readonly samples?: number | undefined
  /** How many features a subset has. Default: a fifth of them, rounded, at least one. */
  readonly subsetSize?: number | undefined
  /** Default 'pearson', as the measure's authors define it; 'spearman' compares ranks. */
  readonly correlation?: CorrelationName | undefined
  /** Of the subsets. Default 0. */
  readonly seed?: number | undefined
}

/**
 * How well do attributions fit the model? Measures of any method's attributions, by perturbing the examples and asking
 * the model again. F is the output that was explained.
 *
 * Attributions are one array per input of the model, of the input's shape: IntegratedGradients' `attributions`, say. All
 * measures reject with InvalidArgumentError, NonFiniteError, DeviceError, DisposedError, or the signal's reason.
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

  /** The device that runs; null before the first measure. */
  get device(): Device | null {
    return this.#model.device
  }

  /** Why the devices before this one do not run; null if the first choice does. */
  get fallbackReason(): string | null {
    return this.#model.fallbackReason
  }

  /**
   * What is missing for the attributions to sum to F(x) − F(baseline), per example. 0 is best.
   *
   * The axiom of Sundararajan, Taly and Yan (2017), "Axiomatic attribution for deep networks". Differences are returned
   * instead of a verdict, because float32 never meets the equation exactly.
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
   * F while the features with the greatest attributions are removed first, and the area under that curve. Lower is
   * better: what mattered went early.
   *
   * Petsiuk, Das and Saenko (2018), "RISE: Randomized input sampling for explanation of black-box models". The order is
   * that of the signed attributions; ties keep the lower index first; after step s of n, ⌊s d / n⌋ of d features are
   * changed, and the trapezoids are as wide as the steps are, where they are not all the same.
   */
  async deletion(
    x: Inputs<Item>,
    attributions: Arrays,
    options: CurveOptions<Item> = {},
  ): Promise<CurveData> {
    return this.#measureCurve('deletion', x, attributions, options)
  }

  /**
   * F while the features with the greatest attributions are put into the baseline first, and the area under that curve.
   * Higher is better. Source and details as for `deletion`.
   */
  async insertion(
    x: Inputs<Item>,
    attributions: Arrays,
    options: CurveOptions<Item> = {},
  ): Promise<CurveData> {
    return this.#measureCurve('insertion', x, attributions, options)
  }

  /**
   * Whether features with greater attributions matter more: the correlation, over random subsets S of one size, of the
   * sum of S's attributions and F(x) − F(x with S at the baseline). 1 is best, 0 what chance gives.
   *
   * Bhatt, Weller and Moura (2020), "Evaluating and aggregating feature-based model explanations", definition 3. Their
   * Pearson correlation and fixed subset size are the default (as in Quantus; xplique takes Spearman's, draws each
   * feature by itself, and counts an undefined correlation as 0, which here is NaN and left out of the mean).
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

  /** Frees what it holds. Calls still running reject; the predictor's model is not touched. */
  dispose(): void {
    this.#model.dispose()
  }

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

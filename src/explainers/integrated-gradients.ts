import { lazyModule } from '../lazy-module.js'
import { BatchSize, type BatchSizeOption } from './session/batch-size.js'
import { InvalidArgumentError } from '../errors.js'
import { createExplanation, type Explanation, type ExplanationMeta } from '../explanation.js'
import type { ArrayInput } from '../array-input.js'
import { assertFinite, concatenateRows, lookAtTheModel, type NdArray } from '../ndarray.js'
import {
  type CallOptions,
  describe,
  type DeviceChoice,
  assertKnownKeys,
  readPositiveInteger,
} from '../options.js'
import type { ArraySpec, Predictor } from '../predictor.js'
import {
  type AverageOf,
  type Baselines,
  copyEachBaseline,
  isAverage,
  nameBaseline,
  readBaseline,
} from './reading/baselines.js'
import { type Inputs, inputsBut, rowsOf } from './reading/inputs.js'
import { type ModelCall, ModelSession } from './session/model-session.js'
import type { Accuracy, PathAttributions } from './attribution/path-attributions.js'
import { createProgressReporter, reportRound } from './session/progress.js'
import { assertQuadrature, type QuadratureMethod } from './attribution/quadrature-method.js'
import { type Examples, joinBatches } from './attribution/sites.js'
import {
  chooseSites,
  readRequest,
  predictTarget,
  toAttribution,
  withTargets,
} from './attribution/attribution-call.js'
import { copyTargets } from './reading/several-targets.js'
import type { TargetInput } from './reading/targets.js'
import { Explainer } from './session/explainer.js'
import { createMeta, listChannels } from './session/explanation-meta.js'

const usePaths = lazyModule(() => import('./attribution/path-attributions.js'))

export interface IntegratedGradientsOptions {
  /**
   * The layer whose outputs are attributed instead of the model's inputs: its name (in a GraphModel, that of a node), the
   * layer itself, a function that returns it from the model, or a list of these.
   */
  readonly layer?: unknown
  /** Computes the target of each example from the predictions [N, …], for example the arg-max. Instead of `target`. */
  readonly targetFn?: (predictions: NdArray) => TargetInput
  /** The quadrature rule of the path integral. Default 'gausslegendre'. */
  readonly method?: QuadratureMethod
  /** How many points of the path are evaluated. Default 50. */
  readonly nSteps?: number
  /**
   * Doubles the steps of an example, up to `maxSteps`, while its |delta| is greater than this. Rules with nested steps
   * (left, right, trapezoid) evaluate only the new ones. Default: none, always `nSteps`.
   */
  readonly tolerance?: number
  /** With `tolerance`, the most steps of an example. Default 16 · nSteps. */
  readonly maxSteps?: number
  /**
   * Path points in one pass. Default 'auto': as many as 48 MiB of activations allow, at most 100, so that a pass of a large
   * model neither blocks the page for long nor takes gigabytes.
   */
  readonly internalBatchSize?: BatchSizeOption
  /** Default 'auto': webgpu, else wasm, else cpu. */
  readonly device?: DeviceChoice
  /** Show progress: a line in the terminal, entries in the browser's console. Default false. */
  readonly verbose?: boolean
}

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

export interface IntegratedGradientsExplainOptions<Item = never> extends CallOptions {
  /**
   * Further named arguments of the model, batch first, such as a mask. They stay the same along the path and are not
   * attributed. They are inputs of the model, which x then leaves out, or arguments of a LayersModel's layers.
   */
  readonly forwardKwargs?: Readonly<Record<string, ArrayInput>> | undefined
  /**
   * The start of the paths: a number, an array of x's shape or of one example's, a list or an object with one per input,
   * or { items }, which the predictor preprocesses. { average: [baseline, …] } gives the means over several. Default: zeros.
   */
  readonly baselines?: Baselines<Item> | AverageOf<Item>
  /**
   * Which output is explained: an index, one per example, or a row of indices each. `{ sum: [1, 2] }` explains the sum of
   * outputs; `{ each: [0, 1] }` explains several targets, which are then the first axis of attributions and deltas.
   */
  readonly target?: TargetInput | undefined
  /** Attribute to the inputs of `layer` instead of its outputs. Default false. */
  readonly attributeToLayerInputs?: boolean | undefined
}

const explainOptionNames: readonly (keyof IntegratedGradientsExplainOptions)[] = [
  'forwardKwargs',
  'baselines',
  'target',
  'attributeToLayerInputs',
  'signal',
  'onProgress',
]

export interface IntegratedGradientsData {
  /**
   * f32: one array per input of the model, in the input's shape. With `layer`, one per layer, in the shape of its
   * activations, and several for a layer that is called several times or has several inputs.
   */
  readonly attributions: readonly NdArray[]
  /** The names of the attributions, by which `explanation.attribution(name)` finds them. */
  readonly attributionNames: readonly string[]
  /** Raw items as the predictor preprocessed them. */
  readonly x: NdArray | readonly NdArray[]
  readonly forwardKwargs: Readonly<Record<string, NdArray>>
  /** In x's shape; for an average, with the baselines as the first axis. */
  readonly baselines: NdArray | readonly NdArray[]
  /** The model's whole output at x. */
  readonly predictions: NdArray
  /** [N] f64: Σ attributions − (F(x) − F(baseline)), the error of the quadrature. */
  readonly deltas: NdArray
  /** With a tolerance, [N] i32: the steps of each example; for an average, the most over the baselines. */
  readonly steps?: NdArray
  /** With a tolerance: the examples whose |delta| is still greater after `maxSteps`. */
  readonly notReached?: readonly number[]
  /** The explained output of each example; null for a single output without target, and for a sum. */
  readonly target: NdArray | null
  /** For a target { sum }, the outputs that are summed. */
  readonly targetSum?: NdArray
}

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
    const { sites, layerNames } = chooseSites(predictor, specs, this.#layer, attributeToLayerInputs)
    const [request, begins] = await Promise.all([
      readRequest(predictor, x, specs, 'forwardKwargs', forwardKwargs, target),
      copyEachBaseline(baselines, specs, predictor),
    ])
    const { read, further } = request

    const inputs = await read.arrays(call, this.#batchSize.most)
    const baselineArrays: NdArray[][] = []
    for (const [m, begin] of begins.entries()) {
      const one = await begin(call, this.#batchSize.most)
      const named = (j: number): string =>
        isAverage(baselines)
          ? nameBaseline(`baselines.average[${m}]`, baselines.average[m], specs, j)
          : nameBaseline('baselines', baselines, specs, j)
      baselineArrays.push(
        await Promise.all(inputs.map((array, j) => readBaseline(named(j), one[j], array))),
      )
    }
    const weightsVersion = await call.weightsVersion()
    const examples = { x: inputs, further }
    const explained = await predictTarget(call, examples, this.#batchSize, ({ data, shape }) => {
      const given = this.#targetFn?.({ data: data.slice(), shape: [...shape] })
      return given === undefined ? request.target : copyTargets(given)
    })
    const { predictions, chosen } = explained
    const ends = await this.#runBatches(call, examples, (session, some) =>
      sites.values(session, some),
    )
    const report = createProgressReporter('IntegratedGradients', this.#verbose, onProgress)
    const { attributeTargets, meanOf } = await usePaths()
    const results: PathAttributions[] = []
    for (const [m, baseline] of baselineArrays.entries()) {
      const starts = await this.#runBatches(call, { x: baseline, further }, (session, some) =>
        sites.values(session, some),
      )
      const [atStarts] = await this.#runBatches(
        call,
        examples,
        async (session, some, start, end) => [
          await sites.predict(session, some, rowsOf(starts, start, end)),
        ],
      )
      assertFinite('the predictions at the baselines', atStarts!, lookAtTheModel)
      results.push(
        await attributeTargets(call, chosen.targets, {
          sites,
          examples,
          ends,
          starts,
          accuracy: this.#accuracy,
          atEnds: predictions,
          atStarts: atStarts!,
          batchSize: this.#batchSize,
          report: reportRound(report, m, baselineArrays.length),
        }),
      )
    }
    await call.assertWeights(weightsVersion)
    const { attributions, deltas, steps } = meanOf(results)
    const { tolerance } = this.#accuracy
    const { exampleCount } = read
    return createExplanation(this.#createMeta(layerNames, specs), {
      attributions: attributions.map((values, j) =>
        toAttribution(values, withTargets(chosen, ends[j]!.shape)),
      ),
      attributionNames: sites.names(),
      x: unwrapSingle(inputs),
      forwardKwargs: further,
      baselines: unwrapSingle(stackBaselines(baselines, baselineArrays)),
      predictions,
      deltas: { data: deltas, shape: withTargets(chosen, [exampleCount]) },
      ...(tolerance !== null && {
        steps: { data: steps, shape: withTargets(chosen, [exampleCount]) },
        notReached: Array.from({ length: exampleCount }, (_, i) => i).filter((i) =>
          deltas.some((delta, at) => at % exampleCount === i && Math.abs(delta) > tolerance),
        ),
      }),
      target: chosen.array,
      ...(chosen.sum && { targetSum: chosen.sum }),
    })
  }

  #runBatches(
    call: ModelCall<Value>,
    examples: Examples,
    step: Parameters<typeof joinBatches<Value>>[3],
  ): Promise<NdArray[]> {
    return joinBatches(call, examples, this.#batchSize, step)
  }

  #createMeta(layer: readonly string[] | null, inputs: readonly ArraySpec[]): ExplanationMeta {
    return createMeta('IntegratedGradients', {
      targetFn: this.#targetFn === undefined ? null : 'function',
      ...this.#accuracy,
      internalBatchSize: this.#batchSize.option,
      layer,
      inputCount: inputs.length,
      channels: listChannels(inputs),
      backendName: this.device,
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

/** The baseline of each input; for an average, all of them, [baselines, …]. */
function stackBaselines(
  baselines: Baselines<unknown> | AverageOf<unknown>,
  read: readonly (readonly NdArray[])[],
): readonly NdArray[] {
  const [first] = read
  if (!isAverage(baselines)) return first!
  return first!.map(({ shape }, j) => {
    const all = concatenateRows(read.map((one) => one[j]!))
    return { data: all.data, shape: [read.length, ...shape] }
  })
}

const unwrapSingle = (arrays: readonly NdArray[]): NdArray | readonly NdArray[] =>
  arrays.length === 1 && arrays[0] !== undefined ? arrays[0] : arrays

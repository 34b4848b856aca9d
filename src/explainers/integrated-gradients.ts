import { explainFailedImport } from '../failed-import.js'
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

export interface IntegratedGradientsOptions {
  /**
   * Attribute to a layer's outputs instead of the model's inputs: its name (of a GraphModel, a node's), the layer
   * itself, a function from the model to it, or a list of these.
   */
  readonly layer?: unknown
  /** The target of each example from the predictions [N, …], the arg-max say; instead of `target`. */
  readonly targetFn?: (predictions: NdArray) => TargetInput
  /** The quadrature rule of the path integral. Default 'gausslegendre'. */
  readonly method?: QuadratureMethod
  /** How many points of the path are evaluated. Default 50. */
  readonly nSteps?: number
  /**
   * Double the steps of an example, at most to `maxSteps`, while its |delta| is above this. Rules whose steps nest
   * (left, right, trapezoid) evaluate the new ones alone. Default: none, always `nSteps`.
   */
  readonly tolerance?: number
  /** With `tolerance`: no example takes more steps. Default 16 · nSteps. */
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
   * Further named arguments of the model's call, batch first (a mask, say); kept along the path, not attributed: inputs
   * of the model by their names, which x then leaves out, or what a LayersModel's layers take.
   */
  readonly forwardKwargs?: Readonly<Record<string, ArrayInput>> | undefined
  /**
   * Where the paths begin: none (zeros), a number, x's shape or one example's; per input for several inputs; or
   * { items }, which the predictor preprocesses. Of { average: [baseline, …] } the attributions and deltas are the means.
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
   * f32: one array per input of the model, of the input's shape; with `layer`, one per layer, of its activations'
   * shape, and several for a layer that is called several times or has several inputs.
   */
  readonly attributions: readonly NdArray[]
  /** A name for each of them; see `attribution` of the explanation. */
  readonly attributionNames: readonly string[]
  /** Raw items as the predictor preprocessed them. */
  readonly x: NdArray | readonly NdArray[]
  readonly forwardKwargs: Readonly<Record<string, NdArray>>
  /** In x's shape; of an average one after the other, along a first axis. */
  readonly baselines: NdArray | readonly NdArray[]
  /** The model's whole output at x. */
  readonly predictions: NdArray
  /** [N] f64: Σ attributions − (F(x) − F(baseline)); what the quadrature left over. */
  readonly deltas: NdArray
  /** With a tolerance, [N] i32: how many steps each example took, the most over the baselines of an average. */
  readonly steps?: NdArray
  /** With a tolerance: the examples whose |delta| is still above it, since `maxSteps` did not suffice. */
  readonly notReached?: readonly number[]
  /** The output explained, per example; null for a single output without target, and for a sum. */
  readonly target: NdArray | null
  /** Of a target { sum }: the outputs that are summed. */
  readonly targetSum?: NdArray
}

/**
 * Which parts of the input did the model look at? Attributions (x − b) ⊙ Σ_k w_k ∇F(b + α_k (x − b)) along the
 * straight path from a baseline b. They sum to F(x) − F(b), but for the quadrature's error, the delta.
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
      throw new InvalidArgumentError('target', 'a target besides a targetFn', 'one of the two')
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
    const { attributeTargets, meanOf } = await import('./attribution/path-attributions.js').catch(
      explainFailedImport,
    )
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

/** Per input the baseline; of an average all of them, [baselines, …]. */
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

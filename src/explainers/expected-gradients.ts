import { lazyModule } from '../lazy-module.js'
import { BatchSize, type BatchSizeOption } from './session/batch-size.js'
import { InvalidArgumentError } from '../errors.js'
import { createExplanation, type Explanation, type ExplanationMeta } from '../explanation.js'
import type { ArrayInput } from '../array-input.js'
import type { NdArray } from '../ndarray.js'
import {
  type CallOptions,
  type DeviceChoice,
  assertKnownKeys,
  readPositiveInteger,
} from '../options.js'
import type { ArraySpec, Predictor } from '../predictor.js'
import { readSeed } from '../random.js'
import { type Inputs, inputsBut, readInputs } from './reading/inputs.js'
import { ModelSession } from './session/model-session.js'
import { createProgressReporter, reportRound } from './session/progress.js'
import { type Examples, joinBatches } from './attribution/sites.js'
import {
  chooseSites,
  readRequest,
  predictTarget,
  toAttribution,
  withTargets,
  joinTargets,
} from './attribution/attribution-call.js'
import { explainedScore } from './attribution/explained-score.js'
import type { TargetInput } from './reading/targets.js'
import { Explainer } from './session/explainer.js'
import { createMeta, listChannels } from './session/explanation-meta.js'

const useIntegrals = lazyModule(() => import('./attribution/expected-integral.js'))

export interface ExpectedGradientsOptions {
  /** The layers whose outputs are attributed instead of the model's inputs, as for IntegratedGradients. */
  readonly layer?: unknown
  /** How many baselines, each with one point of its path, are drawn per example. Default 100. */
  readonly nSamples?: number
  /** The seed of the draws, which are the same on every device and for every batch size. Default 0. */
  readonly seed?: number
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

const optionNames: readonly (keyof ExpectedGradientsOptions)[] = [
  'layer',
  'nSamples',
  'seed',
  'internalBatchSize',
  'device',
  'verbose',
]

export interface ExpectedGradientsExplainOptions<Item = never> extends CallOptions {
  /** The examples from which baselines are drawn, with replacement, such as training data. In the form of x. */
  readonly background: Inputs<Item>
  /** Further named arguments, as for IntegratedGradients. An example's arguments also go with its baselines. */
  readonly forwardKwargs?: Readonly<Record<string, ArrayInput>> | undefined
  /** Which output is explained; as for IntegratedGradients. */
  readonly target?: TargetInput | undefined
  /** Attribute to the inputs of `layer` instead of its outputs. Default false. */
  readonly attributeToLayerInputs?: boolean | undefined
}

const explainOptionNames: readonly (keyof ExpectedGradientsExplainOptions)[] = [
  'background',
  'forwardKwargs',
  'target',
  'attributeToLayerInputs',
  'signal',
  'onProgress',
]

export interface ExpectedGradientsData {
  /** f32: one array per input of the model, of the input's shape; with `layer`, as for IntegratedGradients. */
  readonly attributions: readonly NdArray[]
  /** The names of the attributions, by which `explanation.attribution(name)` finds them. */
  readonly attributionNames: readonly string[]
  /** The model's whole output at x. */
  readonly predictions: NdArray
  /** [N] f64: Σ attributions − (F(x) − the mean of F over the drawn baselines); the error of the sampling. */
  readonly deltas: NdArray
  /** The explained output of each example; null for a single output without target, and for a sum. */
  readonly target: NdArray | null
  /** For a target { sum }, the outputs that are summed. */
  readonly targetSum?: NdArray
}

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
 * const { attributions } = await explainer.explain(x, { background: xTrain, target: 3 })
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
      throw new InvalidArgumentError('background', 'none', 'examples that baselines are drawn from')
    }
    const specs = inputsBut('forwardKwargs', predictor, forwardKwargs)
    const { sites, layerNames } = chooseSites(predictor, specs, this.#layer, attributeToLayerInputs)
    const [request, drawnFrom] = await Promise.all([
      readRequest(predictor, x, specs, 'forwardKwargs', forwardKwargs, target),
      readInputs('background', background, specs, predictor),
    ])
    const { read, further } = request
    const report = createProgressReporter('ExpectedGradients', this.#verbose, onProgress)

    const weightsVersion = await call.weightsVersion()
    const examples: Examples = { x: await read.arrays(call, this.#batchSize.most), further }
    const explained = await predictTarget(call, examples, this.#batchSize, () => request.target)
    const { predictions, chosen } = explained
    const ends = await joinBatches(call, examples, this.#batchSize, (session, some) =>
      sites.values(session, some),
    )
    const { exampleCount } = read
    const backgroundArrays = await drawnFrom.arrays(call, this.#batchSize.most)
    const results: (readonly Float64Array[])[] = []
    const allDeltas: Float64Array[] = []
    const { expectedAttributions } = await useIntegrals()
    for (const [t, target] of chosen.targets.entries()) {
      const { attributions, scores } = await expectedAttributions(call, {
        sites,
        examples,
        ends,
        background: backgroundArrays,
        target,
        nSamples: this.#nSamples,
        seed: this.#seed,
        batchSize: this.#batchSize,
        report: reportRound(report, t, chosen.targets.length),
      })
      results.push(attributions)
      allDeltas.push(
        scores.map((score, i) => {
          const difference = target.signs[i]! * (explainedScore(predictions, target, i) - score)
          return sumExample(attributions, exampleCount, i) - difference
        }),
      )
    }
    await call.assertWeights(weightsVersion)
    const attributions = ends.map((_, j) => joinTargets(results.map((one) => one[j]!)))
    const deltas = joinTargets(allDeltas)
    return createExplanation(this.#createMeta(layerNames, specs), {
      attributions: attributions.map((values, j) =>
        toAttribution(values, withTargets(chosen, ends[j]!.shape)),
      ),
      attributionNames: sites.names(),
      predictions,
      deltas: { data: deltas, shape: withTargets(chosen, [exampleCount]) },
      target: chosen.array,
      ...(chosen.sum && { targetSum: chosen.sum }),
    })
  }

  #createMeta(layer: readonly string[] | null, inputs: readonly ArraySpec[]): ExplanationMeta {
    return createMeta('ExpectedGradients', {
      nSamples: this.#nSamples,
      seed: this.#seed,
      internalBatchSize: this.#batchSize.option,
      layer,
      inputCount: inputs.length,
      channels: listChannels(inputs),
      backendName: this.device,
    })
  }
}

function sumExample(
  arrays: readonly Float64Array[],
  exampleCount: number,
  example: number,
): number {
  return arrays.reduce((sum, values) => {
    const size = values.length / exampleCount
    return values
      .subarray(example * size, (example + 1) * size)
      .reduce((all, value) => all + value, sum)
  }, 0)
}

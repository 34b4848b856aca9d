import { InvalidArgumentError } from '../errors.js'
import { createExplanation, type Explanation } from '../explanation.js'
import {
  type ArrayInput,
  assertFinite,
  lookAtTheModel,
  type NdArray,
  sizeOf,
  toNdArray,
} from '../ndarray.js'
import {
  type CallOptions,
  type Device,
  type DeviceChoice,
  deviceChoices,
  knownKeys,
  oneOf,
  positiveInteger,
} from '../options.js'
import type { LayerSite, Predictor } from '../predictor.js'
import { readSeed } from '../random.js'
import { version } from '../version.js'
import { expectedAttributions } from './attribution/expected-integral.js'
import { assertRowCounts, readForwardArguments } from './reading/forward-arguments.js'
import { type Inputs, inputsBut, readInputs } from './reading/inputs.js'
import { ModelSession } from './session/model-session.js'
import { progressReporter } from './session/progress.js'
import {
  assertLayerOf,
  type Examples,
  inputSites,
  joinBatches,
  layerSites,
  readLayers,
} from './attribution/sites.js'
import { readTarget } from './reading/targets.js'

export interface ExpectedGradientsOptions {
  /** Attribute to layers instead of the model's inputs; as for IntegratedGradients. */
  readonly layer?: unknown
  /** How many baselines, each with one point of its path, are drawn per example. Default 100. */
  readonly nSamples?: number
  /** Same seed, same draws, on every device and in every batch size. Default 0. */
  readonly seed?: number
  /** Points in one pass: memory and the length of a task grow with it. Default 100. */
  readonly internalBatchSize?: number
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
  /** The examples that baselines are drawn from, with replacement: training data, say. In the form of x. */
  readonly background: Inputs<Item>
  /** Further named arguments, as for IntegratedGradients; each example's own also at its baselines. */
  readonly forwardKwargs?: Readonly<Record<string, ArrayInput>> | undefined
  /** Which output is explained; as for IntegratedGradients. */
  readonly target?: ArrayInput | undefined
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
  /** The model's whole output at x. */
  readonly predictions: NdArray
  /** [N] f64: Σ attributions − (F(x) − the mean of F over the drawn baselines); what the sampling left over. */
  readonly deltas: NdArray
  /** The output explained, per example; null for a single output without target. */
  readonly target: NdArray | null
}

/**
 * Integrated gradients without a choice of baseline: the mean of (x − b) ⊙ ∇F(b + α (x − b)) over baselines b drawn
 * from given data and α uniform in [0, 1). They sum to F(x) less the mean of F over the data, but for the sampling's
 * error, which falls with the root of `nSamples`.
 *
 * Erion et al. (2021), "Improving performance of deep learning models with axiomatic attribution priors and
 * expected gradients".
 *
 * @example
 * using explainer = new ExpectedGradients(tfjsPredictor(model), { nSamples: 200 })
 * const { attributions } = await explainer.explain(x, { background: xTrain, target: 3 })
 */
export class ExpectedGradients<Value = unknown, Item = never> {
  readonly #model: ModelSession<Value>
  readonly #layer: unknown
  readonly #nSamples: number
  readonly #seed: number
  readonly #batchSize: number
  readonly #verbose: boolean

  /** @throws InvalidArgumentError for an unknown option value */
  constructor(predictor: Predictor<Value, Item>, options: ExpectedGradientsOptions = {}) {
    knownKeys('options', options, optionNames)
    this.#layer = options.layer
    this.#nSamples = positiveInteger('nSamples', options.nSamples ?? 100)
    this.#seed = readSeed('seed', options.seed ?? 0)
    this.#batchSize = positiveInteger('internalBatchSize', options.internalBatchSize ?? 100)
    this.#verbose = options.verbose ?? false
    const device = oneOf('device', options.device ?? 'auto', deviceChoices)
    this.#model = new ModelSession(predictor, device)
  }

  /** The device that runs; null before the first `explain`. */
  get device(): Device | null {
    return this.#model.device
  }

  /** Why the devices before this one do not run; null if the first choice does. */
  get fallbackReason(): string | null {
    return this.#model.fallbackReason
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
    knownKeys('options', options, explainOptionNames)
    const { background, forwardKwargs = {}, target, signal, onProgress } = options
    const { attributeToLayerInputs = false } = options
    const call = this.#model.begin(signal)
    const { predictor } = this.#model
    if ((background as unknown) === undefined) {
      throw new InvalidArgumentError('background', 'none', 'examples that baselines are drawn from')
    }
    assertLayerOf(attributeToLayerInputs, this.#layer)
    const specs = inputsBut('forwardKwargs', predictor, forwardKwargs)
    // All are read before the first await ends, so that what the page does to its arrays later changes nothing.
    const [read, drawnFrom, further, given] = await Promise.all([
      readInputs('x', x, specs, predictor),
      readInputs('background', background, specs, predictor),
      readForwardArguments('forwardKwargs', forwardKwargs, predictor.inputs),
      target === undefined ? undefined : toNdArray('target', target),
    ])
    assertRowCounts('forwardKwargs', further, read.exampleCount)
    const at = attributeToLayerInputs ? 'inputs' : 'outputs'
    const layers = this.#layer === undefined ? [] : readLayers(predictor, this.#layer, at)
    const sites = layers.length === 0 ? inputSites<Value>() : layerSites<Value>(layers)
    const report = progressReporter('ExpectedGradients', this.#verbose, onProgress)

    const weightsVersion = await call.weightsVersion()
    const examples: Examples = { x: await read.arrays(call, this.#batchSize), further }
    const [predictions] = await joinBatches(
      call,
      examples,
      this.#batchSize,
      async (session, some) => [await session.predict(some.x, some.further)],
    )
    assertFinite('the predictions at x', predictions!, lookAtTheModel)
    const chosen = await readTarget(given, predictions!.shape, predictor.output)
    const ends = await joinBatches(call, examples, this.#batchSize, (session, some) =>
      sites.values(session, some),
    )
    const { attributions, scores } = await expectedAttributions(call, {
      sites,
      examples,
      ends,
      background: await drawnFrom.arrays(call, this.#batchSize),
      target: chosen.target,
      nSamples: this.#nSamples,
      seed: this.#seed,
      batchSize: this.#batchSize,
      report,
    })
    await call.assertWeights(weightsVersion)
    const outputSize = sizeOf(predictions!.shape.slice(1))
    const deltas = scores.map((score, i) => {
      const scoreAtX = predictions!.data[i * outputSize + chosen.target.indices[i]!]!
      return sumOfRow(attributions, scores.length, i) - chosen.target.signs[i]! * (scoreAtX - score)
    })
    return createExplanation(this.#meta(layers, specs.length), {
      attributions: attributions.map((values, j) => {
        const attribution = { data: Float32Array.from(values), shape: ends[j]!.shape }
        assertFinite('the attributions', attribution, lookAtTheModel)
        return attribution
      }),
      predictions: predictions!,
      deltas: { data: deltas, shape: [deltas.length] },
      target: chosen.array,
    })
  }

  /** Takes another model. */
  resetPredictor(predictor: Predictor<Value, Item>): void {
    this.#model.reset(predictor)
  }

  /** Frees what it holds. Calls still running reject; the predictor's model is not touched. */
  dispose(): void {
    this.#model.dispose()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  #meta(layers: readonly LayerSite[], inputCount: number): Parameters<typeof createExplanation>[0] {
    return {
      name: 'ExpectedGradients',
      type: ['whitebox'],
      explanations: ['local'],
      params: {
        nSamples: this.#nSamples,
        seed: this.#seed,
        internalBatchSize: this.#batchSize,
        layer: layers.length === 0 ? null : layers.map(({ layer }) => layer),
        inputCount,
        backendName: this.device,
      },
      version,
    }
  }
}

function sumOfRow(arrays: readonly Float64Array[], exampleCount: number, row: number): number {
  return arrays.reduce((sum, values) => {
    const size = values.length / exampleCount
    return values.subarray(row * size, (row + 1) * size).reduce((all, value) => all + value, sum)
  }, 0)
}

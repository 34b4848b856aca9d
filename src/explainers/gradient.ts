import { lazyModule } from '../lazy-module.js'
import { BatchSize, type BatchSizeOption } from './session/batch-size.js'
import { InvalidArgumentError } from '../errors.js'
import { createExplanation, type Explanation, type ExplanationMeta } from '../explanation.js'
import type { ArrayInput } from '../array-input.js'
import { concatenateRows, type NdArray } from '../ndarray.js'
import {
  type CallOptions,
  describe,
  type DeviceChoice,
  assertKnownKeys,
  readPositiveInteger,
} from '../options.js'
import type { ArraySpec, Predictor } from '../predictor.js'
import { type GradientSites, gradientSites } from './attribution/gradient-sites.js'
import { type Inputs, inputsBut } from './reading/inputs.js'
import { ModelSession } from './session/model-session.js'
import { createProgressReporter, reportRound } from './session/progress.js'
import { readSmoothGrad, type SmoothGradOptions } from './attribution/smooth-grad.js'
import { type Examples, joinBatches } from './attribution/sites.js'
import {
  readRequest,
  predictTarget,
  toAttribution,
  withTargets,
} from './attribution/attribution-call.js'
import type { TargetInput } from './reading/targets.js'
import { Explainer } from './session/explainer.js'
import { createMeta, listChannels } from './session/explanation-meta.js'

const useMeans = lazyModule(() => import('./attribution/mean-gradient.js'))

export interface GradientOptions<Item = never, Batch = Inputs<Item>> {
  /**
   * The layer at whose outputs gradients are taken instead of the model's inputs: its name, the layer itself, a function
   * that returns it from the model, or a list of these, which may include names of inputs.
   */
  readonly layer?: unknown
  /** The number of classes, which is checked against the output. Default: that of the output. */
  readonly nClasses?: number
  /** Selects the model's inputs, which are attributed, from the batch that `explain` gets. */
  readonly forwardArgExtractor?: (batch: Batch) => Inputs<Item>
  /**
   * Selects further named arguments of the model from the batch, batch first, which are not attributed: inputs of the
   * model by name, or arguments of a LayersModel's layers.
   */
  readonly additionalForwardArgExtractor?: (batch: Batch) => Readonly<Record<string, ArrayInput>>
  /** Multiplies the gradients by the values at which they are taken (input × gradient). Default false. */
  readonly multiplyByInputs?: boolean
  /** Averages the gradients over noisy copies of the input (SmoothGrad). Default: none. */
  readonly smoothGrad?: SmoothGradOptions
  /**
   * Examples in one pass. Default 'auto': as many as 48 MiB of activations allow, at most 100, so that a pass of a large
   * model neither blocks the page for long nor takes gigabytes.
   */
  readonly internalBatchSize?: BatchSizeOption
  /** Default 'auto': webgpu, else wasm, else cpu. */
  readonly device?: DeviceChoice
  /** Show progress: a line in the terminal, entries in the browser's console. Default false. */
  readonly verbose?: boolean
}

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

export interface GradientExplainOptions extends CallOptions {
  /** Which output is explained: none (for a single one), an index, one per example, or a row of indices each. */
  readonly target?: TargetInput | undefined
}

export interface GradientData {
  /** f32, one array per input of the model, of its shape; with `layer`, in the order of its list. */
  readonly attributions: readonly NdArray[]
  /** The names of the attributions, by which `explanation.attribution(name)` finds them. */
  readonly attributionNames: readonly string[]
  /** The model's whole output. */
  readonly predictions: NdArray
  /** The explained output of each example; null for a single output without target, and for a sum. */
  readonly target: NdArray | null
  /** For a target { sum }, the outputs that are summed. */
  readonly targetSum?: NdArray
}

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
    const { forwardArgExtractor, additionalForwardArgExtractor, verbose } = this.#options
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
    const sites = gradientSites(predictor, specs, this.#options.layer)
    const report = createProgressReporter('Gradient', verbose ?? false, onProgress)

    const weightsVersion = await call.weightsVersion()
    const examples: Examples = {
      x: await request.read.arrays(call, this.#batchSize.most),
      further: request.further,
    }
    const explained = await predictTarget(call, examples, this.#batchSize, (predictions) => {
      this.#checkClasses(predictions)
      return request.target
    })
    const { chosen } = explained
    const { meanGradient } = await useMeans()
    const perTarget: (readonly NdArray[])[] = []
    for (const [t, target] of chosen.targets.entries()) {
      perTarget.push(
        await meanGradient(call, {
          sites,
          inputs: specs,
          examples,
          target,
          smoothGrad: this.#smoothGrad,
          batchSize: this.#batchSize,
          report: reportRound(report, t, chosen.targets.length),
        }),
      )
    }
    const values =
      this.#options.multiplyByInputs === true
        ? await joinBatches(call, examples, this.#batchSize, (session, some) =>
            sites.values(session, some),
          )
        : undefined
    const products = perTarget.map((gradients) =>
      values === undefined ? gradients : multiplyArrays(gradients, values),
    )
    const attributions = products[0]!.map(({ shape }, j) => ({
      data: concatenateRows(products.map((arrays) => arrays[j]!)).data,
      shape: withTargets(chosen, shape),
    }))
    await call.assertWeights(weightsVersion)
    return createExplanation(this.#createMeta(sites, specs), {
      attributions,
      attributionNames: sites.attributionNames(),
      predictions: explained.predictions,
      target: chosen.array,
      ...(chosen.sum && { targetSum: chosen.sum }),
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

  #createMeta({ names }: GradientSites<Value>, inputs: readonly ArraySpec[]): ExplanationMeta {
    return createMeta('Gradient', {
      layer: names,
      multiplyByInputs: this.#options.multiplyByInputs ?? false,
      smoothGrad: this.#smoothGrad,
      internalBatchSize: this.#batchSize.option,
      inputCount: inputs.length,
      channels: listChannels(inputs),
      backendName: this.device,
    })
  }
}

function multiplyArrays(gradients: readonly NdArray[], values: readonly NdArray[]): NdArray[] {
  return gradients.map(({ data, shape }, k) => {
    const products = Float32Array.from(
      data,
      (gradient, at) => gradient * (values[k]?.data[at] ?? NaN),
    )
    return toAttribution(products, shape)
  })
}

import { InvalidArgumentError } from '../errors.js'
import type { Explanation } from '../explanation.js'
import { createExplanation } from '../explanation.js'
import type { ArrayInput, NdArray } from '../ndarray.js'
import {
  assertFinite,
  concatenateRows,
  lookAtTheModel,
  rows,
  sizeOf,
  toNdArray,
} from '../ndarray.js'
import type { CallOptions, Device, DeviceChoice } from '../options.js'
import { describe, deviceChoices, knownKeys, oneOf, positiveInteger } from '../options.js'
import type { ForwardArguments, Predictor } from '../predictor.js'
import { version } from '../version.js'
import { readBaseline } from './baselines.js'
import type { Inputs } from './inputs.js'
import { readInputs, rowCountOf, rowsOf } from './inputs.js'
import type { ModelCall } from './model-session.js'
import { ModelSession } from './model-session.js'
import { integratePath, mapValues } from './path-integral.js'
import { progressReporter } from './progress.js'
import type { Quadrature, QuadratureMethod } from './quadrature.js'
import { quadrature } from './quadrature.js'
import type { Target } from './targets.js'
import { readTarget } from './targets.js'

export interface IntegratedGradientsOptions {
  /** The target of each example from the predictions [N, …], the arg-max say; instead of `target`. */
  readonly targetFn?: (predictions: NdArray) => ArrayInput
  /** The quadrature rule of the path integral. Default 'gausslegendre'. */
  readonly method?: QuadratureMethod
  /** How many points of the path are evaluated. Default 50. */
  readonly nSteps?: number
  /** Path points in one pass: memory and the length of a task grow with it. Default 100. */
  readonly internalBatchSize?: number
  /** Default 'auto': webgpu, else wasm, else cpu. */
  readonly device?: DeviceChoice
  /** Show progress: a line in the terminal, entries in the browser's console. Default false. */
  readonly verbose?: boolean
}

const optionNames: readonly (keyof IntegratedGradientsOptions)[] = [
  'targetFn',
  'method',
  'nSteps',
  'internalBatchSize',
  'device',
  'verbose',
]

export interface IntegratedGradientsExplainOptions extends CallOptions {
  /** Further named arguments of the model's call, batch first; kept along the path, not attributed. */
  readonly forwardKwargs?: Readonly<Record<string, ArrayInput>> | undefined
  /** Where the paths begin: none (zeros), a number, x's shape or one example's; per input for several inputs. */
  readonly baselines?: ArrayInput | readonly (ArrayInput | null)[] | null | undefined
  /** Which output is explained: an index, one per example, or a row of indices each; see readTarget. */
  readonly target?: ArrayInput | undefined
}

export interface IntegratedGradientsData {
  /** One array per input of the model, of the input's shape, f32. */
  readonly attributions: readonly NdArray[]
  readonly x: NdArray | readonly NdArray[]
  readonly forwardKwargs: Readonly<Record<string, NdArray>>
  readonly baselines: NdArray | readonly NdArray[]
  /** The model's whole output at x. */
  readonly predictions: NdArray
  /** [N] f64: Σ attributions − (F(x) − F(baseline)); what the quadrature left over. */
  readonly deltas: NdArray
  /** The output explained, per example; null for a single output without target. */
  readonly target: NdArray | null
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
export class IntegratedGradients<Value = unknown> {
  readonly #model: ModelSession<Value>
  readonly #targetFn: ((predictions: NdArray) => ArrayInput) | undefined
  readonly #method: QuadratureMethod
  readonly #nSteps: number
  readonly #rule: Quadrature
  readonly #batchSize: number
  readonly #verbose: boolean

  /** @throws InvalidArgumentError for an unknown option value */
  constructor(predictor: Predictor<Value>, options: IntegratedGradientsOptions = {}) {
    knownKeys('options', options, optionNames)
    this.#method = options.method ?? 'gausslegendre'
    this.#nSteps = options.nSteps ?? 50
    this.#rule = quadrature(this.#method, this.#nSteps)
    this.#batchSize = positiveInteger('internalBatchSize', options.internalBatchSize ?? 100)
    this.#targetFn = options.targetFn
    if (this.#targetFn !== undefined && typeof this.#targetFn !== 'function') {
      throw new InvalidArgumentError('targetFn', describe(this.#targetFn), 'a function')
    }
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
   * @param x [N, …], one example without the batch axis, or a list of one array per model input
   * @throws InvalidArgumentError, NonFiniteError, UnsupportedError for an input or op without gradient,
   *   DeviceError, DisposedError, or the signal's reason
   */
  async explain(
    x: Inputs,
    {
      forwardKwargs = {},
      baselines,
      target,
      signal,
      onProgress,
    }: IntegratedGradientsExplainOptions = {},
  ): Promise<Explanation<IntegratedGradientsData>> {
    const call = this.#model.begin(signal)
    if (target !== undefined && this.#targetFn !== undefined) {
      throw new InvalidArgumentError('target', 'a target besides a targetFn', 'one of the two')
    }
    // All are read before the first await ends, so that what the page does to its arrays later changes nothing.
    const [inputs, further, given, begins] = await Promise.all([
      readInputs('x', x, this.#model.predictor.inputs),
      readForwardArguments(forwardKwargs),
      target === undefined ? undefined : toNdArray('target', target),
      copyBaselines(baselines, this.#model.predictor.inputs.length),
    ])
    assertRowCounts(further, rowCountOf(inputs))
    const starts = await Promise.all(
      inputs.map((array, j) => readBaseline(baselineName(inputs, j), begins[j], array)),
    )

    const weightsVersion = await call.weightsVersion()
    const predictions = await this.#predict(call, inputs, further)
    assertFinite('the predictions at x', predictions, lookAtTheModel)
    const copy = { data: predictions.data.slice(), shape: [...predictions.shape] }
    const chosen = await readTarget(given ?? this.#targetFn?.(copy), predictions.shape)
    const atBaseline = await this.#predict(call, starts, further)
    assertFinite('the predictions at the baselines', atBaseline, lookAtTheModel)

    const integrals = await integratePath(call, {
      x: inputs,
      baselines: starts,
      outputIndices: chosen.target.indices,
      further,
      rule: this.#rule,
      batchSize: this.#batchSize,
      report: progressReporter('IntegratedGradients', this.#verbose, onProgress),
    })
    await call.assertWeights(weightsVersion)
    const { attributions, deltas } = complete(
      inputs,
      starts,
      integrals,
      selected(predictions, chosen.target),
      selected(atBaseline, chosen.target),
    )
    return createExplanation(this.#meta(), {
      attributions,
      x: single(inputs),
      forwardKwargs: further,
      baselines: single(starts),
      predictions,
      deltas,
      target: chosen.array,
    })
  }

  /** Takes another model. */
  resetPredictor(predictor: Predictor<Value>): void {
    this.#model.reset(predictor)
  }

  /** Frees what it holds. Calls still running reject; the predictor's model is not touched. */
  dispose(): void {
    this.#model.dispose()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  async #predict(
    call: ModelCall<Value>,
    x: readonly NdArray[],
    further: ForwardArguments,
  ): Promise<NdArray> {
    const rowCount = rowCountOf(x)
    const parts: NdArray[] = []
    for (let start = 0; start < rowCount; start += this.#batchSize) {
      const end = Math.min(start + this.#batchSize, rowCount)
      const furtherRows = mapValues(further, (array) => rows(array, start, end))
      parts.push(await call.run((session) => session.predict(rowsOf(x, start, end), furtherRows)))
      await call.pause()
    }
    return concatenateRows(parts)
  }

  #meta(): Parameters<typeof createExplanation>[0] {
    return {
      name: 'IntegratedGradients',
      type: ['whitebox'],
      explanations: ['local'],
      params: {
        targetFn: this.#targetFn === undefined ? null : 'function',
        method: this.#method,
        nSteps: this.#nSteps,
        internalBatchSize: this.#batchSize,
        layer: null,
        inputCount: this.#model.predictor.inputs.length,
        backendName: this.device,
      },
      version,
    }
  }
}

type Baselines = IntegratedGradientsExplainOptions['baselines']

/** One baseline per input, read. */
async function copyBaselines(
  baselines: Baselines,
  inputCount: number,
): Promise<(NdArray | null)[]> {
  if (baselines == null) return Array.from({ length: inputCount }, () => null)
  if (inputCount === 1) return [await toNdArray('baselines', baselines as ArrayInput)]
  if (!Array.isArray(baselines) || baselines.length !== inputCount) {
    throw new InvalidArgumentError(
      'baselines',
      describe(baselines),
      `a list of ${String(inputCount)}, one per model input, null for zeros`,
    )
  }
  return Promise.all(
    (baselines as readonly (ArrayInput | null)[]).map(async (baseline, j) =>
      baseline === null ? null : await toNdArray(`baselines[${String(j)}]`, baseline),
    ),
  )
}

const baselineName = (x: readonly NdArray[], j: number): string =>
  x.length === 1 ? 'baselines' : `baselines[${String(j)}]`

async function readForwardArguments(
  forwardKwargs: Readonly<Record<string, ArrayInput>>,
): Promise<Record<string, NdArray>> {
  const read = Object.entries(forwardKwargs).map(
    async ([name, value]) => [name, await toNdArray(`forwardKwargs.${name}`, value)] as const,
  )
  return Object.fromEntries(await Promise.all(read))
}

function assertRowCounts(further: ForwardArguments, rowCount: number): void {
  for (const [name, { shape }] of Object.entries(further)) {
    if (shape[0] === rowCount) continue
    throw new InvalidArgumentError(
      `forwardKwargs.${name}`,
      `shape [${shape.join(', ')}]`,
      `${String(rowCount)} rows, one per example`,
    )
  }
}

/** Attributions from the integrals, and what they miss of F(x) − F(b). */
function complete(
  x: readonly NdArray[],
  baselines: readonly NdArray[],
  integrals: readonly Float64Array[],
  scoreAtX: Scores,
  scoreAtBaseline: Scores,
): { attributions: NdArray[]; deltas: NdArray } {
  const deltas = scoreAtX.values.map((score, i) => (scoreAtBaseline.values[i] ?? 0) - score)
  const attributions = x.map((array, j) => {
    const size = sizeOf(array.shape.slice(1))
    const values = Float64Array.from(array.data, (value, at) => {
      const sign = scoreAtX.signs[Math.floor(at / size)] ?? 1
      return sign * (value - (baselines[j]?.data[at] ?? 0)) * (integrals[j]?.[at] ?? 0)
    })
    for (const [at, value] of values.entries()) {
      const i = Math.floor(at / size)
      deltas[i] = (deltas[i] ?? 0) + value
    }
    const attribution = { data: Float32Array.from(values), shape: array.shape }
    assertFinite('the attributions', attribution, lookAtTheModel)
    return attribution
  })
  return { attributions, deltas: { data: deltas, shape: [deltas.length] } }
}

interface Scores {
  readonly values: Float64Array
  readonly signs: Int8Array
}

/** The explained score of each example, up to the constant 1 of 1 − F, which a difference does not see. */
function selected(predictions: NdArray, { indices, signs }: Target): Scores {
  const size = sizeOf(predictions.shape.slice(1))
  const values = Float64Array.from(
    indices,
    (index, i) => (signs[i] ?? 1) * (predictions.data[i * size + index] ?? NaN),
  )
  return { values, signs }
}

const single = (arrays: readonly NdArray[]): NdArray | readonly NdArray[] =>
  arrays.length === 1 && arrays[0] !== undefined ? arrays[0] : arrays

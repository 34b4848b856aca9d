import { InvalidArgumentError, NonFiniteError } from '../errors.js'
import type { Explanation } from '../explanation.js'
import { createExplanation } from '../explanation.js'
import type { ArrayInput, NdArray } from '../ndarray.js'
import { assertFinite, rows, sizeOf, takeRows, toNdArray } from '../ndarray.js'
import type { CallOptions, Device, DeviceChoice } from '../options.js'
import { describe, deviceChoices, oneOf, positiveInteger } from '../options.js'
import type { ForwardArguments, Predictor, PredictorSession } from '../predictor.js'
import { nextTask } from '../scheduling.js'
import { version } from '../version.js'
import { readBaseline } from './baselines.js'
import type { Inputs } from './inputs.js'
import { readInputs, rowCountOf, rowsOf } from './inputs.js'
import { ModelSession } from './model-session.js'
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
    this.#model.assertUsable()
    signal?.throwIfAborted()
    if (target !== undefined && this.#targetFn !== undefined) {
      throw new InvalidArgumentError('target', 'a target besides a targetFn', 'one of the two')
    }
    const inputs = await readInputs('x', x, this.#model.predictor.inputs)
    const starts = await readBaselines(baselines, inputs)
    const further = await readForwardArguments(forwardKwargs, rowCountOf(inputs))
    const session = await this.#model.open()
    signal?.throwIfAborted()

    const predict = (at: readonly NdArray[]): Promise<NdArray> =>
      this.#predict(session, at, further, signal)
    const predictions = await predict(inputs)
    assertFinite('the predictions at x', predictions)
    const chosen = await readTarget(target ?? this.#targetFn?.(predictions), predictions.shape)
    const atBaseline = await predict(starts)
    assertFinite('the predictions at the baselines', atBaseline)

    const integrals = await this.#integrate(session, inputs, starts, chosen.target, further, {
      signal,
      onProgress,
    })
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
    session: PredictorSession<Value>,
    x: readonly NdArray[],
    further: ForwardArguments,
    signal: AbortSignal | undefined,
  ): Promise<NdArray> {
    const rowCount = rowCountOf(x)
    const parts: NdArray[] = []
    for (let start = 0; start < rowCount; start += this.#batchSize) {
      const end = Math.min(start + this.#batchSize, rowCount)
      parts.push(await session.predict(rowsOf(x, start, end), rowsOfEach(further, start, end)))
      await this.#breathe(signal)
    }
    return concatenateRows(parts)
  }

  /**
   * Σ_k w_k ∇F(b + α_k (x − b)) per input, in float64. Points are made pass by pass and only their sum is
   * kept, so memory does not grow with the number of steps.
   */
  async #integrate(
    session: PredictorSession<Value>,
    x: readonly NdArray[],
    baselines: readonly NdArray[],
    { indices }: Target,
    further: ForwardArguments,
    { signal, onProgress }: CallOptions,
  ): Promise<Float64Array[]> {
    const report = progressReporter('IntegratedGradients', this.#verbose, onProgress)
    const { alphas, weights } = this.#rule
    const exampleCount = rowCountOf(x)
    const pointCount = exampleCount * alphas.length
    const sums = x.map(({ data }) => new Float64Array(data.length))
    for (let start = 0; start < pointCount; start += this.#batchSize) {
      const end = Math.min(start + this.#batchSize, pointCount)
      // Point q is step k = ⌊q / N⌋ of example i = q mod N.
      const examples = Int32Array.from(
        { length: end - start },
        (_, q) => (start + q) % exampleCount,
      )
      const steps = Int32Array.from(examples, (_, q) => Math.floor((start + q) / exampleCount))
      const points = x.map((array, j) => pathPoints(array, baselines[j], examples, steps, alphas))
      const gradients = await session.inputGradients(
        points,
        examples.map((i) => indices[i] ?? 0),
        takeRowsOfEach(further, examples),
      )
      for (const [j, gradient] of gradients.entries()) {
        addWeighted(sums[j], gradient, examples, steps, weights)
      }
      await this.#breathe(signal)
      report({ phase: 'explain', done: end, total: pointCount })
    }
    return sums
  }

  async #breathe(signal: AbortSignal | undefined): Promise<void> {
    await nextTask()
    signal?.throwIfAborted()
    this.#model.assertUsable()
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
        backendName: this.device,
      },
      version,
    }
  }
}

async function readBaselines(
  baselines: IntegratedGradientsExplainOptions['baselines'],
  x: readonly NdArray[],
): Promise<NdArray[]> {
  if (x.length === 1) {
    return Promise.all(x.map((array) => readBaseline('baselines', baselines as ArrayInput, array)))
  }
  if (baselines != null && (!Array.isArray(baselines) || baselines.length !== x.length)) {
    throw new InvalidArgumentError(
      'baselines',
      describe(baselines),
      `a list of ${String(x.length)}, one per model input, null for zeros`,
    )
  }
  const list = (baselines ?? []) as readonly (ArrayInput | null)[]
  return Promise.all(x.map((array, j) => readBaseline(`baselines[${String(j)}]`, list[j], array)))
}

async function readForwardArguments(
  forwardKwargs: Readonly<Record<string, ArrayInput>>,
  rowCount: number,
): Promise<Record<string, NdArray>> {
  const read = Object.entries(forwardKwargs).map(async ([name, value]) => {
    const array = await toNdArray(`forwardKwargs.${name}`, value)
    if (array.shape[0] !== rowCount) {
      throw new InvalidArgumentError(
        `forwardKwargs.${name}`,
        `shape [${array.shape.join(', ')}]`,
        `${String(rowCount)} rows, one per example`,
      )
    }
    return [name, array] as const
  })
  return Object.fromEntries(await Promise.all(read))
}

/** b + α_k (x − b) of the given examples and steps, rounded once, to float32. */
function pathPoints(
  x: NdArray,
  baseline: NdArray | undefined,
  examples: Int32Array,
  steps: Int32Array,
  alphas: Float64Array,
): NdArray {
  const size = sizeOf(x.shape.slice(1))
  const data = new Float32Array(examples.length * size)
  for (const [point, example] of examples.entries()) {
    const alpha = alphas[steps[point] ?? 0] ?? 0
    for (let k = 0; k < size; k++) {
      const from = baseline?.data[example * size + k] ?? 0
      const to = x.data[example * size + k] ?? 0
      data[point * size + k] = from + alpha * (to - from)
    }
  }
  return { data, shape: [examples.length, ...x.shape.slice(1)] }
}

function addWeighted(
  sum: Float64Array | undefined,
  gradient: NdArray,
  examples: Int32Array,
  steps: Int32Array,
  weights: Float64Array,
): void {
  if (sum === undefined) return
  const size = sizeOf(gradient.shape.slice(1))
  for (const [point, example] of examples.entries()) {
    const weight = weights[steps[point] ?? 0] ?? 0
    for (let k = 0; k < size; k++) {
      const value = gradient.data[point * size + k] ?? NaN
      if (!Number.isFinite(value)) {
        throw new NonFiniteError(
          `the gradient at step ${String(steps[point])} of the path of example ${String(example)}`,
          value,
          [example, k],
          'Look at the weights, and at ops without a finite gradient there (sqrt or log at 0, say).',
        )
      }
      sum[example * size + k] = (sum[example * size + k] ?? 0) + weight * value
    }
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
    return { data: Float32Array.from(values), shape: array.shape }
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

function concatenateRows(parts: readonly NdArray[]): NdArray {
  const [first] = parts
  if (first === undefined || parts.length === 1)
    return first ?? { data: new Float32Array(), shape: [0] }
  const rowCount = parts.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0)
  const shape = [rowCount, ...first.shape.slice(1)]
  const data = new Float32Array(sizeOf(shape))
  let offset = 0
  for (const part of parts) {
    data.set(part.data, offset)
    offset += part.data.length
  }
  return { data, shape }
}

const rowsOfEach = (arrays: ForwardArguments, start: number, end: number): ForwardArguments =>
  mapValues(arrays, (array) => rows(array, start, end))

const takeRowsOfEach = (arrays: ForwardArguments, indices: Int32Array): ForwardArguments =>
  mapValues(arrays, (array) => takeRows(array, indices))

function mapValues(
  arrays: ForwardArguments,
  change: (array: NdArray) => NdArray,
): ForwardArguments {
  return Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, change(array)]))
}

const single = (arrays: readonly NdArray[]): NdArray | readonly NdArray[] =>
  arrays.length === 1 && arrays[0] !== undefined ? arrays[0] : arrays

import type { Compute } from '../compute/compute.js'
import { openCompute } from '../compute/compute.js'
import { InvalidArgumentError, NotFittedError, UnsupportedError } from '../errors.js'
import type { Explanation } from '../explanation.js'
import { createExplanation } from '../explanation.js'
import { GradientStore } from '../gradients/store.js'
import type { ArrayInput, NdArray } from '../ndarray.js'
import { concatenateRows, takeRows, toNdArray } from '../ndarray.js'
import type { CallOptions, Device, DeviceChoice } from '../options.js'
import {
  describe,
  deviceChoices,
  knownKeys,
  nonNegativeNumber,
  oneOf,
  positiveInteger,
} from '../options.js'
import type { Loss, Predictor } from '../predictor.js'
import { lossNames } from '../predictor.js'
import { version } from '../version.js'
import type { GradientBatches } from './gradient-blocks.js'
import { computedBlocks, finiteBlocks, storedBlocks } from './gradient-blocks.js'
import type { Inputs } from './inputs.js'
import { readInputs, rowCountOf, rowsOf } from './inputs.js'
import { predictedLabels, readLabels } from './labels.js'
import type { ModelCall } from './model-session.js'
import { ModelSession, checkPredictor } from './model-session.js'
import { progressReporter } from './progress.js'
import type { SimilarityName } from './similarity.js'
import { ranking, similarity, similarityNames } from './similarity.js'

const tasks = ['classification', 'regression'] as const

const optionNames: readonly (keyof GradientSimilarityOptions)[] = [
  'simFn',
  'task',
  'precomputeGrads',
  'topK',
  'eps',
  'device',
  'batchSize',
  'verbose',
]

export interface GradientSimilarityOptions {
  /** How two gradients are compared. Default 'grad_dot'. */
  readonly simFn?: SimilarityName
  /** In classification a missing label is the predicted one; in regression it must be given. Default 'classification'. */
  readonly task?: (typeof tasks)[number]
  /** Store the training gradients at `fit`: explaining is then fast. Else each call computes them anew. Default false. */
  readonly precomputeGrads?: boolean
  /** How many of the most and of the least similar examples come back. Default 5. */
  readonly topK?: number
  /** Added to each denominator; 1e-7 gives alibi's figures. Default 0. */
  readonly eps?: number
  /** Default 'auto': webgpu, else wasm, else cpu. */
  readonly device?: DeviceChoice
  /** Examples in one pass: more is faster, fewer let the page answer sooner. Default 16. */
  readonly batchSize?: number
  /** Show progress: a line in the terminal, entries in the browser's console. Default false. */
  readonly verbose?: boolean
}

export interface SimilarityExplainOptions extends CallOptions {
  readonly topK?: number | undefined
  /** Another similarity function for this call; the gradients stay. */
  readonly simFn?: SimilarityName | undefined
}

/** Per test example, n the training examples and k ≤ n. */
export interface SimilarityData {
  /** [nTest, n] f32, descending. */
  readonly scores: NdArray
  /** [nTest, n] i32: the training examples in the order of the scores; ties keep the lower index first. */
  readonly orderedIndices: NdArray
  /** [nTest, k, …]: the most similar training examples; a list of such arrays for a model of several inputs. */
  readonly mostSimilar: NdArray | readonly NdArray[]
  /** [nTest, k, …]: the least similar ones, the least of all first. */
  readonly leastSimilar: NdArray | readonly NdArray[]
  /** Per test example, the training examples whose score is not finite; they stand last in the order. */
  readonly nonFinite: readonly (readonly number[])[]
}

interface Fitted {
  readonly x: readonly NdArray[]
  readonly y: NdArray
  /** The training gradients, where they are precomputed. */
  readonly store: GradientStore | null
  /** Of the weights that the stored gradients belong to. */
  readonly weightsVersion: number | null
}

/**
 * Which training examples made the model say this? Training examples are ranked by the similarity of their
 * loss gradients to that of the example explained: g(z) = ∇θ L(y, f(x)) over the trainable parameters.
 *
 * grad_dot and grad_cos as in Charpiat et al. (2019), "Input similarity from the neural network
 * perspective"; figures as alibi's GradientSimilarity.
 *
 * @example
 * using explainer = new GradientSimilarity(tfjsPredictor(model), 'categoricalCrossentropy', { simFn: 'grad_cos' })
 * await explainer.fit(xTrain, yTrain)
 * const { scores, orderedIndices } = await explainer.explain(x)
 */
export class GradientSimilarity<Value = unknown> {
  readonly #model: ModelSession<Value>
  readonly #lossFn: Loss<Value>
  readonly #options: Required<GradientSimilarityOptions>
  #fitted: Fitted | undefined
  #compute: { readonly device: Device; readonly compute: Compute } | undefined
  #computeFallbackReason: string | null = null

  /** @throws InvalidArgumentError for an unknown option value or loss; UnsupportedError without trainable parameters */
  constructor(
    predictor: Predictor<Value>,
    lossFn: Loss<Value>,
    options: GradientSimilarityOptions = {},
  ) {
    if (typeof lossFn !== 'function') checkLossName(lossFn)
    knownKeys('options', options, optionNames)
    this.#options = {
      simFn: oneOf('simFn', options.simFn ?? 'grad_dot', similarityNames),
      task: oneOf('task', options.task ?? 'classification', tasks),
      precomputeGrads: options.precomputeGrads ?? false,
      topK: positiveInteger('topK', options.topK ?? 5),
      eps: nonNegativeNumber('eps', options.eps ?? 0),
      device: oneOf('device', options.device ?? 'auto', deviceChoices),
      batchSize: positiveInteger('batchSize', options.batchSize ?? 16),
      verbose: options.verbose ?? false,
    }
    this.#model = new ModelSession(predictor, this.#options.device)
    checkParameters(predictor)
    this.#lossFn = lossFn
  }

  /** The device that runs; null before the first `fit` or `explain`. */
  get device(): Device | null {
    return this.#model.device
  }

  /** Why the devices before this one do not run; null if the first choice does. */
  get fallbackReason(): string | null {
    const reasons = [this.#model.fallbackReason, this.#computeFallbackReason]
    return reasons.filter((reason) => reason !== null).join(' ') || null
  }

  /** What the stored training gradients occupy, in bytes; 0 without `precomputeGrads`. */
  get gradientBytes(): number {
    return this.#fitted?.store?.byteLength ?? 0
  }

  /**
   * Takes the training examples and, with `precomputeGrads`, computes and stores their gradients. If it
   * rejects, what was fitted before stays.
   *
   * @param xTrain [n, …], or a list of one array per model input
   * @param yTrain n labels in the form that the loss takes: class indices, one-hot rows, values
   * @returns the explainer itself
   * @throws InvalidArgumentError, NonFiniteError, DeviceError, UnsupportedError, DisposedError, or the signal's reason
   */
  async fit(
    xTrain: Inputs,
    yTrain: ArrayInput,
    { signal, onProgress }: CallOptions = {},
  ): Promise<this> {
    const call = this.#model.begin(signal)
    const { inputs, output } = this.#model.predictor
    // Both are read before the first await ends, so that what the page does to its arrays later changes nothing.
    const [x, given] = await Promise.all([
      readInputs('xTrain', xTrain, inputs),
      toNdArray('yTrain', yTrain),
    ])
    const rowCount = rowCountOf(x)
    const y = await readLabels('yTrain', given, rowCount, this.#lossFn, output)
    const store = this.#options.precomputeGrads ? new GradientStore() : null
    // Without a store nothing is computed yet, and no device opened.
    const weightsVersion = store === null ? null : await call.weightsVersion()
    const report = progressReporter('GradientSimilarity', this.#options.verbose, onProgress)
    if (store !== null && weightsVersion !== null) {
      for await (const { stored, end } of computedBlocks(await this.#batches(x, y, call))) {
        store.append(stored)
        report({ phase: 'fit', done: end, total: rowCount })
      }
      await call.assertWeights(weightsVersion)
    }
    call.check()
    if (store === null) report({ phase: 'fit', done: rowCount, total: rowCount })
    this.#fitted = { x, y, store, weightsVersion }
    return this
  }

  /**
   * Ranks the training examples by their similarity to each of the examples given.
   *
   * @param x [nTest, …], one example without the batch axis, or a list of one array per model input
   * @param y their labels; one label is taken for all. Left out in classification, the predicted ones
   * @throws NotFittedError before `fit`, or after the model of stored gradients has changed; NonFiniteError if an example's own gradient is not finite; and as `fit`
   */
  async explain(
    x: Inputs,
    y?: ArrayInput,
    { signal, onProgress, topK, simFn }: SimilarityExplainOptions = {},
  ): Promise<Explanation<SimilarityData>> {
    const call = this.#model.begin(signal)
    const fitted = this.#fitted
    if (fitted === undefined) {
      throw new NotFittedError('explain was called before fit; call fit(xTrain, yTrain) first.')
    }
    const simName = oneOf('simFn', simFn ?? this.#options.simFn, similarityNames)
    const trainCount = rowCountOf(fitted.x)
    const k = Math.min(positiveInteger('topK', topK ?? this.#options.topK), trainCount)
    const [tests, given] = await Promise.all([
      readInputs('x', x, this.#model.predictor.inputs),
      y === undefined ? undefined : toNdArray('y', y),
    ])
    const testCount = rowCountOf(tests)
    const report = progressReporter('GradientSimilarity', this.#options.verbose, onProgress)
    const compute = await this.#openCompute(call)
    const weightsVersion = await call.weightsVersion()
    if (fitted.store !== null && fitted.weightsVersion !== weightsVersion) {
      throw new NotFittedError(
        "the model's weights, or which of them are trainable, have changed since fit stored gradients; " +
          'call fit again.',
      )
    }
    const labels = await this.#labelsOf(tests, given, fitted, call)
    const testBlocks = await finiteBlocks(await this.#batches(tests, labels, call))

    const scores = new Float32Array(testCount * trainCount)
    const trainBlocks =
      fitted.store === null
        ? computedBlocks(await this.#batches(fitted.x, fitted.y, call))
        : storedBlocks(fitted.store, call)
    for await (const { stored, start, end } of trainBlocks) {
      for (const test of testBlocks) {
        const products = await compute.dot(test.stored.block, stored.block)
        for (const [at, dot] of products.entries()) {
          const i = Math.floor(at / (end - start))
          const j = at % (end - start)
          const testNorm = test.stored.squaredNorms[i] ?? NaN
          const trainNorm = stored.squaredNorms[j] ?? NaN
          scores[(test.start + i) * trainCount + start + j] = Number.isFinite(trainNorm)
            ? similarity(simName, this.#options.eps, dot, testNorm, trainNorm)
            : NaN
        }
      }
      report({ phase: 'explain', done: end, total: trainCount })
    }
    await call.assertWeights(weightsVersion)
    return this.#explanation(scores, fitted, testCount, k, simName)
  }

  /** Takes another model; all that was computed from the old one is dropped, and `fit` must be called again. */
  resetPredictor(predictor: Predictor<Value>): void {
    checkPredictor(predictor)
    checkParameters(predictor)
    this.#model.reset(predictor)
    this.#fitted = undefined
  }

  /** Frees what it holds. Calls still running reject; the predictor's model is not touched. */
  dispose(): void {
    this.#model.dispose()
    this.#fitted = undefined
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  async #openCompute(call: ModelCall<Value>): Promise<Compute> {
    const device = await call.run(() => Promise.resolve(this.#model.device ?? 'cpu'))
    if (this.#compute?.device !== device) {
      const { compute, fallbackReason } = await openCompute(device)
      this.#compute = { device, compute }
      this.#computeFallbackReason = fallbackReason
    }
    return this.#compute.compute
  }

  async #batches(
    x: readonly NdArray[],
    y: NdArray,
    call: ModelCall<Value>,
  ): Promise<GradientBatches<Value>> {
    const compute = await this.#openCompute(call)
    return { call, compute, x, y, loss: this.#lossFn, batchSize: this.#options.batchSize }
  }

  async #labelsOf(
    x: readonly NdArray[],
    y: NdArray | undefined,
    fitted: Fitted,
    call: ModelCall<Value>,
  ): Promise<NdArray> {
    const rowCount = rowCountOf(x)
    const labelShape = fitted.y.shape.slice(1)
    if (y !== undefined) {
      return readLabels('y', y, rowCount, this.#lossFn, this.#model.predictor.output, labelShape)
    }
    if (this.#options.task === 'regression') {
      throw new InvalidArgumentError(
        'y',
        'none',
        "the values of the examples: task is 'regression'",
      )
    }
    const parts: NdArray[] = []
    for (let start = 0; start < rowCount; start += this.#options.batchSize) {
      const batch = rowsOf(x, start, Math.min(start + this.#options.batchSize, rowCount))
      const predictions = await call.run((session) => session.predict(batch, {}))
      parts.push(predictions)
    }
    return predictedLabels(concatenateRows(parts), this.#lossFn, labelShape)
  }

  #explanation(
    scores: Float32Array,
    { x }: Fitted,
    testCount: number,
    k: number,
    simName: SimilarityName,
  ): Explanation<SimilarityData> {
    const { most, least, ...ranked } = ranking(scores, testCount, k)
    warnNonFinite(ranked.nonFinite)
    const { task, precomputeGrads, eps } = this.#options
    const pick = (indices: Int32Array): NdArray | NdArray[] => {
      const picked = x.map((array) => ({
        data: takeRows(array, indices).data,
        shape: [testCount, k, ...array.shape.slice(1)],
      }))
      return picked.length === 1 && picked[0] !== undefined ? picked[0] : picked
    }
    return createExplanation(
      {
        name: 'GradientSimilarity',
        type: ['whitebox'],
        explanations: ['local'],
        params: {
          simFnName: simName,
          storeGrads: precomputeGrads,
          backendName: this.device,
          taskName: task,
          lossFn: typeof this.#lossFn === 'string' ? this.#lossFn : 'function',
          topK: k,
          eps,
          inputCount: x.length,
        },
        version,
      },
      { ...ranked, mostSimilar: pick(most), leastSimilar: pick(least) },
    )
  }
}

function checkLossName(lossFn: unknown): void {
  if ((lossNames as readonly unknown[]).includes(lossFn)) return
  const names = lossNames.map((name) => `'${name}'`).join(', ')
  throw new InvalidArgumentError(
    'lossFn',
    describe(lossFn),
    `a function (yTrue, yPred) => loss, or one of ${names}`,
  )
}

function checkParameters(predictor: Pick<Predictor, 'name' | 'parameters'>): void {
  const frozen = predictor.parameters.filter(({ trainable }) => !trainable)
  if (frozen.length === predictor.parameters.length) {
    throw new UnsupportedError(
      'no trainable parameters',
      `model '${predictor.name}' has ${String(frozen.length)} parameters, none of them trainable; expected one or ` +
        'more: the similarity is that of their gradients. Set trainable = true on the layers that count.',
    )
  }
  if (frozen.length === 0) return
  const names = frozen.map(({ name }) => `'${name}'`)
  const shown =
    names.length > 8 ? [...names.slice(0, 8), `${String(names.length - 8)} more`] : names
  console.warn(
    `gradlens: parameters that are not trainable have no part in the similarity: ${shown.join(', ')}.`,
  )
}

function warnNonFinite(perTest: readonly (readonly number[])[]): void {
  const found = [...new Set(perTest.flat())]
  if (found.length === 0) return
  const shown = found.length > 8 ? [...found.slice(0, 8), '…'] : found
  console.warn(
    `gradlens: the scores of training examples ${shown.join(', ')} are not finite; they are ranked last. ` +
      'Their gradients overflow: look at their labels, the loss and the weights.',
  )
}

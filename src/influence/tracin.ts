import { InvalidArgumentError, isGradlensError, NotFittedError } from '../errors.js'
import type { Inputs } from '../explainers/reading/inputs.js'
import type { ModelCall } from '../explainers/session/model-session.js'
import { createProgressReporter, reportRound } from '../explainers/session/progress.js'
import { keepTrainingSet, readTraining } from '../explainers/similarity/keep-training-set.js'
import {
  computeSelfInfluence,
  createSelfInfluence,
  type SelfInfluenceData,
} from '../explainers/similarity/self-influence.js'
import type { SimilaritySettings } from '../explainers/similarity/similarity-options.js'
import { ExamplesInMemory, type TrainingSet } from '../explainers/similarity/training-set.js'
import { TrainingSimilarity } from '../explainers/similarity/training-similarity.js'
import type { Explanation } from '../explanation.js'
import type { LabelInput, QuestionLabelInput } from '../losses/labels.js'
import { type Loss, readLoss, type ReadLoss } from '../losses/loss.js'
import { assertKnownKeys, type CallOptions, type Device } from '../options.js'
import { type Checkpoint, readCheckpoints } from './checkpoints.js'
import { type CheckpointCall, explainCheckpoints } from './explain-checkpoints.js'
import { type InfluenceQuestion, readInfluenceQuestion } from './influence-question.js'
import {
  type InfluenceData,
  type InfluenceExplainOptions,
  influenceExplainNames,
} from './influence-options.js'
import { readTracInOptions, type TracInOptions } from './tracin-options.js'

const name = 'TracIn'

/** From webgpu to wasm, and from there to cpu. */
const mostFallbacks = 2

/** A checkpoint with its model on a device. */
interface OpenCheckpoint<Value, Item> extends Checkpoint<Value, Item> {
  readonly similarity: TrainingSimilarity<Value>
}

/**
 * Ranks training examples by how much the training steps on each of them lowered the loss of the example explained:
 * Σ_c η_c g_c(z)·g_c(z_j) over checkpoints c of the training with learning rates η_c, where g_c(z) = ∇θ L(y, f(x)) at that
 * checkpoint.
 *
 * Pruthi, Liu, Kale and Sundararajan (2020), "Estimating training data influence by tracing gradient descent", TracInCP.
 *
 * @example
 * using explainer = new TracIn(
 *   [
 *     { predictor: tfjsPredictor(afterEpoch1), learningRate: 0.01 },
 *     { predictor: tfjsPredictor(afterEpoch5), learningRate: 0.001 },
 *   ],
 *   'categoricalCrossentropy',
 * )
 * await explainer.fit(xTrain, yTrain)
 * const { scores, mostSimilar } = await explainer.explain(x)
 */
export class TracIn<Value = unknown, Item = never> implements Disposable {
  readonly #checkpoints: readonly OpenCheckpoint<Value, Item>[]
  readonly #settings: SimilaritySettings
  readonly #loss: ReadLoss<Value>

  /**
   * @param checkpoints in the order of training: labels that are left out are predicted by the last one
   * @throws InvalidArgumentError for an unknown option value or loss, or checkpoints of different architectures, with the
   *   parameter that differs
   */
  constructor(
    checkpoints: readonly Checkpoint<Value, Item>[],
    lossFn: Loss<Value>,
    options: TracInOptions = {},
  ) {
    this.#loss = readLoss(lossFn)
    this.#settings = readTracInOptions(options)
    const settings = { ...this.#settings, verbose: false }
    this.#checkpoints = readCheckpoints(checkpoints).map((checkpoint) => ({
      ...checkpoint,
      similarity: new TrainingSimilarity(checkpoint.predictor, this.#loss, settings, { name }),
    }))
  }

  /**
   * Opens an explainer of checkpoints that all have stores, without a fit.
   *
   * @throws StoreError if a store is missing, not complete, or of another model, loss or parameter list;
   *   InvalidArgumentError if stores differ in their number of examples; and as the constructor
   */
  static async open<Value, Item = never>(
    checkpoints: readonly (Checkpoint<Value, Item> & Required<Pick<Checkpoint, 'store'>>)[],
    lossFn: Loss<Value>,
    { signal, ...options }: TracInOptions & Pick<CallOptions, 'signal'> = {},
  ): Promise<TracIn<Value, Item>> {
    const explainer = new TracIn(checkpoints, lossFn, options)
    try {
      const without = explainer.#checkpoints.findIndex(({ store }) => store === undefined)
      if (without >= 0) {
        throw new InvalidArgumentError(
          `checkpoints[${without}].store`,
          'none',
          'a store of its training gradients; or use the constructor and fit',
        )
      }
      await explainer.#openStores(explainer.#begin(signal), undefined)
      return explainer
    } catch (error) {
      explainer.dispose()
      throw error
    }
  }

  /** The device in use, of the last checkpoint; null until a call has opened one. */
  get device(): Device | null {
    return this.#last.similarity.model.device
  }

  /** Why the devices before this one are not used; null if the first choice is. */
  get fallbackReason(): string | null {
    return this.#last.similarity.fallbackReason
  }

  /** The bytes of training gradients in memory, of all checkpoints. */
  get gradientBytes(): number {
    return this.#checkpoints.reduce(
      (sum, { similarity }) => sum + (similarity.fitted?.gradientBytes ?? 0),
      0,
    )
  }

  /**
   * Takes the training examples and, with `precomputeGrads`, computes their gradients at each checkpoint without a store.
   * Opens the stores of the others.
   *
   * @param xTrain [n, …], or a list of one array per model input; or raw items that the predictor preprocesses
   * @param yTrain n labels in the form that the loss takes
   * @returns the explainer itself
   * @throws InvalidArgumentError, also if a store has another number of examples; NonFiniteError, DeviceError,
   *   UnsupportedError, StoreError, DisposedError, or the signal's reason
   */
  async fit(
    xTrain: Inputs<Item>,
    yTrain: LabelInput,
    { signal, onProgress }: CallOptions = {},
  ): Promise<this> {
    const calls = this.#begin(signal)
    const report = createProgressReporter(name, this.#settings.verbose, onProgress)
    // The arrays are copied once, for all checkpoints.
    const examples = await readTraining(xTrain, yTrain, calls.at(-1)!, this.#loss, this.#settings)
    if (!('items' in examples)) throw new Error('unreachable: only a store takes sources')
    const given = this.#checkpoints.filter(({ store }) => store === undefined)
    const sets: TrainingSet<Value>[] = []
    try {
      for (const [round, { similarity }] of given.entries()) {
        const call = calls[this.#checkpoints.indexOf(given[round]!)]!
        const reportOwn = reportRound(report, round, given.length)
        if (!this.#settings.precomputeGrads) {
          sets.push(new ExamplesInMemory(examples, null))
          continue
        }
        const weightsVersion = await call.weightsVersion()
        const context = await similarity.context(call)
        sets.push(await keepTrainingSet(examples, context, similarity.settings, reportOwn))
        await call.assertWeights(weightsVersion)
      }
      const exampleCount = examples.y.shape[0] ?? 0
      await this.#openStores(calls, exampleCount)
      if (!this.#settings.precomputeGrads) {
        const total = exampleCount * given.length
        report({ phase: 'fit', done: total, total })
      }
    } catch (error) {
      for (const set of sets) set[Symbol.dispose]()
      throw error
    }
    for (const [round, { similarity }] of given.entries()) similarity.replace(sets[round])
    return this
  }

  /**
   * Ranks the training examples by their influence on the loss of each of the examples given. A positive score means that
   * training on the example lowered the loss. Scores of all pairs are in memory during the call, 24 bytes each, and
   * must fit into `maxBytes`.
   *
   * @param x [nTest, …], one example without the batch axis, or a list of one array per model input; or raw items that
   *   the predictor preprocesses
   * @param y their labels; one label is taken for all. Left out in classification, those that the last checkpoint predicts
   * @throws NotFittedError before `fit`, or after the model of stored gradients has changed; StoreError if they cannot be
   *   read; NonFiniteError if an example's own gradient is not finite; and as `fit`
   */
  async explain(
    x: Inputs<Item>,
    y?: QuestionLabelInput,
    options: InfluenceExplainOptions<Value> = {},
  ): Promise<Explanation<InfluenceData>> {
    assertKnownKeys('options', options, influenceExplainNames)
    const settings = this.#settings
    let question: InfluenceQuestion<Value> | undefined
    return this.#withCheckpoints('explain', options.signal, async (checkpoints) => {
      const { call, fitted } = checkpoints.at(-1)!
      const { exampleCount } = fitted
      // The arguments are read once, so that later changes to the page's arrays have no effect.
      question ??= await readInfluenceQuestion(name, call, exampleCount, x, y, options, settings)
      const learningRates = checkpoints.map(({ learningRate }) => learningRate)
      const described = { name, params: () => ({ learningRates }) }
      return explainCheckpoints(described, checkpoints, question, settings)
    })
  }

  /**
   * Computes the influence of each training example on its own loss, Σ_c η_c ‖g_c(z_j)‖², in one pass over the training
   * gradients of each checkpoint. Of stored gradients only the norms are read. High values belong to examples that the
   * model had to learn by heart: rare ones, and wrong labels.
   *
   * @throws as `explain`
   */
  async selfInfluence({ signal, onProgress }: CallOptions = {}): Promise<
    Explanation<SelfInfluenceData>
  > {
    const report = createProgressReporter(name, this.#settings.verbose, onProgress)
    return this.#withCheckpoints('selfInfluence', signal, async (checkpoints) => {
      const sources = checkpoints.map(({ call, fitted, similarity, learningRate }) => ({
        ...{ call, fitted, variant: { name }, weight: learningRate },
        openContext: () => similarity.context(call),
      }))
      const scores = await computeSelfInfluence(sources, report)
      const learningRates = checkpoints.map(({ learningRate }) => learningRate)
      return createSelfInfluence(name, scores, { learningRates }, this.device)
    })
  }

  /** Frees the memory of the explainer. Calls that are still running reject; the models stay as they are. */
  dispose(): void {
    for (const { similarity } of this.#checkpoints) similarity.dispose()
  }

  /** Calls `dispose()`, at the end of a block with `using`. */
  [Symbol.dispose](): void {
    this.dispose()
  }

  get #last(): OpenCheckpoint<Value, Item> {
    return this.#checkpoints.at(-1)!
  }

  #begin(signal: AbortSignal | undefined): ModelCall<Value>[] {
    return this.#checkpoints.map(({ similarity }) => similarity.model.begin(signal))
  }

  /** Opens all stores. `exampleCount` is that of the first one if it is undefined. */
  async #openStores(
    calls: readonly ModelCall<Value>[],
    exampleCount: number | undefined,
  ): Promise<void> {
    let expected = exampleCount
    for (const [i, { store, similarity }] of this.#checkpoints.entries()) {
      if (store === undefined) continue
      await similarity.openStore(store, calls[i]!)
      const own = similarity.fitted!.exampleCount
      expected ??= own
      if (own === expected) continue
      similarity.replace(undefined)
      throw new InvalidArgumentError(
        `checkpoints[${i}].store`,
        `${own} examples`,
        `${expected}, as ${exampleCount === undefined ? 'the first store has' : 'fit got'}: all checkpoints share them`,
      )
    }
  }

  /** Runs a step on all checkpoints, and again on the next device if one is lost. */
  async #withCheckpoints<Result>(
    method: string,
    signal: AbortSignal | undefined,
    step: (checkpoints: readonly CheckpointCall<Value>[]) => Promise<Result>,
  ): Promise<Result> {
    const calls = this.#begin(signal)
    const used = this.#checkpoints.map(({ similarity, learningRate }, i): CheckpointCall<Value> => {
      const { fitted } = similarity
      if (fitted !== undefined) return { similarity, learningRate, fitted, call: calls[i]! }
      throw new NotFittedError(
        `${method} was called before fit; call fit(xTrain, yTrain) first, or TracIn.open if all checkpoints have stores.`,
      )
    })
    // A fit that ends during this call must not dispose these gradients.
    for (const { fitted } of used) fitted.retain()
    try {
      for (let fallbacks = 0; ; fallbacks++) {
        try {
          return await step(used)
        } catch (error) {
          for (const call of calls) call.check()
          const isLost =
            isGradlensError(error, 'DeviceError') && used.every(({ fitted }) => !fitted.isOnDevice)
          if (!isLost || fallbacks === mostFallbacks) throw error
          const fallen = used.map(({ similarity }) => similarity.model.fallBack(error))
          if (!fallen.includes(true)) throw error
        }
      }
    } finally {
      for (const { fitted } of used) fitted[Symbol.dispose]()
    }
  }
}

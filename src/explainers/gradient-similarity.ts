import { lazyModule } from '../lazy-module.js'
import { explainFailedImport } from '../failed-import.js'
import type { Ranking } from '../compute/ranking.js'
import { InvalidArgumentError, NotFittedError, isGradlensError } from '../errors.js'
import type { Explanation } from '../explanation.js'
import type { ByteStore } from '../store/bytes/byte-store.js'
import { toNdArray } from '../array-input.js'
import { type CallOptions, assertKnownKeys } from '../options.js'
import type { LabelInput, QuestionLabelInput } from '../losses/labels.js'
import { type Loss, type ReadLoss, readLoss } from '../losses/loss.js'
import type { Predictor } from '../predictor.js'
import { BackendSession } from './session/backend-session.js'
import { disposeAll, computeFiniteBlocks } from './similarity/gradient-blocks.js'
import { countExamples, type Inputs } from './reading/inputs.js'
import { keepTrainingSet, readTraining, writeTrainingSet } from './similarity/keep-training-set.js'
import { checkLossOfLogits } from './reading/loss-of-logits.js'
import { checkPredictor, type ModelCall, ModelSession } from './session/model-session.js'
import { chooseParameters } from './session/parameters.js'
import { createProgressReporter } from './session/progress.js'
import { isExampleSource, type ExampleSource } from './reading/example-source.js'
import { checkLoss } from './similarity/check-loss.js'
import type { SimilarityData } from './similarity/similarity-explanation.js'
import type {
  EstimateOptions,
  SimilarityEstimate,
} from './similarity/estimate/similarity-estimate.js'
import {
  explainOptionNames,
  type GradientSimilarityOptions,
  type OpenSimilarityOptions,
  type PrecomputeOptions,
  readSimilarityOptions,
  type SimilarityExplainOptions,
  type SimilaritySettings,
} from './similarity/similarity-options.js'
import { type Question, readQuestion } from './similarity/question.js'
import {
  ExamplesInMemory,
  type GradientContext,
  type TrainingSet,
} from './similarity/training-set.js'
import { Explainer } from './session/explainer.js'

const useQuestionLabels = lazyModule(() => import('./similarity/question-labels.js'))
const useExplanations = lazyModule(() => import('./similarity/similarity-explanation.js'))

/**
 * Ranks training examples by the similarity of their loss gradients to that of the example explained: g(z) = ∇θ L(y, f(x)) over the trainable parameters.
 *
 * grad_dot and grad_cos as in Charpiat et al. (2019), "Input similarity from the neural network
 * perspective"; figures as alibi's GradientSimilarity.
 *
 * @example
 * using explainer = new GradientSimilarity(tfjsPredictor(model), 'categoricalCrossentropy', { simFn: 'grad_cos' })
 * await explainer.fit(xTrain, yTrain)
 * const { scores, orderedIndices } = await explainer.explain(x)
 */
export class GradientSimilarity<Value = unknown, Item = never> extends Explainer<Value, Item> {
  readonly #model: ModelSession<Value>
  readonly #loss: ReadLoss<Value>
  readonly #options: SimilaritySettings
  #fitted: TrainingSet<Value> | undefined
  readonly #backend = new BackendSession<Value>()

  /** @throws InvalidArgumentError for an unknown option value or loss; UnsupportedError without trainable parameters */
  constructor(
    predictor: Predictor<Value, Item>,
    lossFn: Loss<Value>,
    options: GradientSimilarityOptions = {},
  ) {
    const loss = readLoss(lossFn)
    const settings = readSimilarityOptions(options)
    checkPredictor(predictor)
    checkLossOfLogits(loss, predictor.output)
    const chosen = chooseParameters(predictor, settings.parameters)
    const model = new ModelSession(chosen, settings.device)
    checkLoss(loss, predictor)
    super(model)
    this.#model = model
    this.#options = settings
    this.#loss = loss
  }

  /**
   * Opens an explainer of the training examples in a store, without a fit. Each `explain` streams their gradients from the
   * store, within `maxBytes` and `maxGpuBytes`.
   *
   * @throws StoreError if there is no store, it is not complete, or of another model, loss or parameter list; and as the
   *   constructor
   * @example
   * const store = new HttpStore('https://example.org/digits.zarr')
   * using explainer = await GradientSimilarity.open(store, predictor, 'categoricalCrossentropy')
   * const { mostSimilar } = await explainer.explain(x, undefined, { ranking: 'top' })
   */
  static async open<Value, Item = never>(
    store: ByteStore,
    predictor: Predictor<Value, Item>,
    lossFn: Loss<Value>,
    { signal, ...options }: OpenSimilarityOptions = {},
  ): Promise<GradientSimilarity<Value, Item>> {
    const explainer = new GradientSimilarity(predictor, lossFn, options)
    try {
      const call = explainer.#model.begin(signal)
      explainer.#replace(await explainer.#openStore(store, call))
      return explainer
    } catch (error) {
      explainer.dispose()
      throw error
    }
  }

  override get fallbackReason(): string | null {
    const reasons = [super.fallbackReason, this.#backend.fallbackReason]
    return reasons.filter((reason) => reason !== null).join(' ') || null
  }

  /** The bytes of training gradients in memory; 0 without `precomputeGrads`, or with a store. */
  get gradientBytes(): number {
    return this.#fitted?.gradientBytes ?? 0
  }

  /**
   * Takes the training examples and, with `precomputeGrads`, computes and stores their gradients. If it
   * rejects, what was fitted before stays; what is in a `store` by then, the next `fit` does not compute again.
   *
   * @param xTrain [n, …], or a list of one array per model input; or raw items that the predictor preprocesses. With a
   *   `store` also a source of either, which is read some rows at a time: memory need not hold them all
   * @param yTrain n labels in the form that the loss takes: class indices, one-hot rows, values; or a source of them
   * @returns the explainer itself
   * @throws InvalidArgumentError, NonFiniteError, DeviceError, UnsupportedError, DisposedError, or the signal's reason;
   *   StoreError if the store is full, another's, or in use
   */
  async fit(
    xTrain: Inputs<Item> | ExampleSource<Inputs<Item>>,
    yTrain: LabelInput | ExampleSource<LabelInput>,
    { signal, onProgress }: CallOptions = {},
  ): Promise<this> {
    const call = this.#model.begin(signal)
    const report = createProgressReporter('GradientSimilarity', this.#options.verbose, onProgress)
    const examples = await readTraining(xTrain, yTrain, call, this.#loss, this.#options)
    if (this.#options.precomputeGrads || !('items' in examples)) {
      const weightsVersion = await call.weightsVersion()
      const context = await this.#context(call)
      const set = await keepTrainingSet(examples, context, this.#options, report)
      try {
        await call.assertWeights(weightsVersion)
      } catch (error) {
        set[Symbol.dispose]()
        throw error
      }
      this.#replace(set)
    } else {
      // Nothing is computed yet, and no device is opened.
      call.check()
      this.#replace(new ExamplesInMemory(examples, null))
      const exampleCount = countExamples(examples.x)
      report({ phase: 'fit', done: exampleCount, total: exampleCount })
    }
    return this
  }

  /**
   * Estimates what `fit` with these examples would take: seconds, bytes in memory and bytes in a
   * store, with the options of this explainer and with others. It runs one batch of the examples
   * twice, and keeps nothing.
   *
   * @param yTrain as in `fit`; left out, the predicted classes
   * @throws as `fit`
   * @example
   * const { seconds, memoryBytes, projection } = await explainer.estimate(xTrain, yTrain)
   */
  async estimate(
    xTrain: Inputs<Item> | ExampleSource<Inputs<Item>>,
    yTrain?: LabelInput | ExampleSource<LabelInput>,
    options: EstimateOptions = {},
  ): Promise<SimilarityEstimate> {
    const call = this.#model.begin(options.signal)
    const { estimateSimilarity } =
      await import('./similarity/estimate/estimate-similarity.js').catch(explainFailedImport)
    const context = await this.#context(call)
    return estimateSimilarity(xTrain, yTrain, context, this.#options, options)
  }

  /**
   * Writes training gradients into the `store` as `fit` does: all of them, or those of a range of rows while other
   * processes write other ranges. `mergeGradientStore` of gradlens/node merges ranges into one store, from which
   * `GradientSimilarity.open` explains. The fitted examples of this explainer stay as they are.
   *
   * @throws as `fit`; InvalidArgumentError without a store, or for a range that ends within a chunk; StoreError if others
   *   write these rows, or have written other ranges over them
   * @example
   * const store = new FileSystemStore('digits.zarr')
   * using explainer = new GradientSimilarity(predictor, loss, { precomputeGrads: true, store })
   * await explainer.precompute(xTrain, yTrain, { rows: { start: 0, end: 50_000 } })
   */
  async precompute(
    xTrain: Inputs<Item> | ExampleSource<Inputs<Item>>,
    yTrain: LabelInput | ExampleSource<LabelInput>,
    { rows, ids, signal, onProgress }: PrecomputeOptions = {},
  ): Promise<void> {
    const call = this.#model.begin(signal)
    const { store, verbose } = this.#options
    if (store === undefined) {
      throw new InvalidArgumentError('store', 'none', 'where precompute writes the gradients')
    }
    const report = createProgressReporter('GradientSimilarity', verbose, onProgress)
    const [given, ownIds] = await Promise.all([
      readTraining(xTrain, yTrain, call, this.#loss, this.#options),
      ids === undefined || isExampleSource(ids) ? ids : toNdArray('ids', ids),
    ])
    const weightsVersion = await call.weightsVersion()
    const context = await this.#context(call)
    await writeTrainingSet(given, ownIds, context, this.#options, report, rows)
    await call.assertWeights(weightsVersion)
  }

  /**
   * Ranks the training examples by their similarity to each of the examples given.
   *
   * @param x [nTest, …], one example without the batch axis, or a list of one array per model input; or raw items that
   *   the predictor preprocesses
   * @param y their labels; one label is taken for all. Left out in classification, the predicted ones
   * @throws NotFittedError before `fit`, or after the model of stored gradients has changed; StoreError if they cannot be read; NonFiniteError if an example's own gradient is not finite; and as `fit`
   */
  async explain(
    x: Inputs<Item>,
    y?: QuestionLabelInput,
    options: SimilarityExplainOptions = {},
  ): Promise<Explanation<SimilarityData>> {
    assertKnownKeys('options', options, explainOptionNames)
    const call = this.#model.begin(options.signal)
    const fitted = this.#fitted
    if (fitted === undefined) {
      throw new NotFittedError('explain was called before fit; call fit(xTrain, yTrain) first.')
    }
    // A fit that ends during this call must not dispose these gradients.
    fitted.retain()
    try {
      let question: Question | undefined
      for (let fallbacks = 0; ; fallbacks++) {
        try {
          // The arguments are read once, so that later changes to the page's arrays have no effect.
          question ??= await readQuestion(call, fitted.exampleCount, x, y, options, this.#options)
          return await this.#explain(call, fitted, question)
        } catch (error) {
          // If the call was aborted or the explainer disposed, that is the reason of the failure.
          call.check()
          const isLost = !fitted.isOnDevice && isGradlensError(error, 'DeviceError')
          if (!isLost || fallbacks === mostFallbacks || !this.#model.fallBack(error)) throw error
        }
      }
    } finally {
      fitted[Symbol.dispose]()
    }
  }

  /** Replaces the model. Everything computed from the old one is dropped, and `fit` must be called again. */
  override resetPredictor(predictor: Predictor<Value, Item>): void {
    checkPredictor(predictor)
    checkLossOfLogits(this.#loss, predictor.output)
    const chosen = chooseParameters(predictor, this.#options.parameters)
    checkLoss(this.#loss, predictor)
    super.resetPredictor(chosen)
    this.#replace(undefined)
  }

  override dispose(): void {
    super.dispose()
    this.#replace(undefined)
    this.#backend[Symbol.dispose]()
  }

  async #explain(
    call: ModelCall<Value>,
    fitted: TrainingSet<Value>,
    question: Question,
  ): Promise<Explanation<SimilarityData>> {
    const { k, ranking } = question
    const weightsVersion = await call.weightsVersion()
    await fitted.assertModel(call, weightsVersion)
    const { ranked, usage } = await this.#rank(call, fitted, question)
    await call.assertWeights(weightsVersion)
    const { createSimilarityExplanation, selectMostSimilar } = await useExplanations()
    const pick = (indices: Int32Array): Promise<SimilarityData['mostSimilar']> =>
      fitted.pick(indices, ranking.testCount, call.signal)
    const picked = {
      mostSimilar: await pick(selectMostSimilar(ranked, k)),
      leastSimilar: await pick(ranked.leastIndices),
    }
    call.check()
    return createSimilarityExplanation(ranked, picked, {
      ...{ question, fitted, usage, loss: this.#loss, settings: this.#options },
      ...{ predictor: call.predictor, device: this.device },
    })
  }

  #replace(fitted: TrainingSet<Value> | undefined): void {
    this.#fitted?.[Symbol.dispose]()
    this.#fitted = fitted
  }

  async #openStore(store: ByteStore, call: ModelCall<Value>): Promise<TrainingSet<Value>> {
    const { openTrainingStore } = await import('./similarity/open-training-store.js').catch(
      explainFailedImport,
    )
    return openTrainingStore(store, call, this.#loss, this.#options)
  }

  async #rank(
    call: ModelCall<Value>,
    fitted: TrainingSet<Value>,
    { tests: x, y: given, ranking, report }: Question,
  ): Promise<{ ranked: Ranking; usage: Readonly<Record<string, number>> }> {
    const context = await this.#context(call)
    const { task } = this.#options
    const { readQuestionLabels } = await useQuestionLabels()
    const y = await readQuestionLabels(context, x, given, task, fitted.labelShape)
    const tests = await computeFiniteBlocks({ ...context, x, y, projection: fitted.projection })
    const ranker = context.backend.openRanking(ranking)
    try {
      const { blocks, usage } = await fitted.pass(context)
      for await (const train of blocks) {
        for (const test of tests) {
          await ranker.add(test.gradients, test.start, train.gradients, train.start)
        }
        call.check()
        report({ phase: 'explain', done: train.end, total: ranking.trainCount })
      }
      return { ranked: await ranker.finish(), usage: usage() }
    } finally {
      ranker[Symbol.dispose]()
      disposeAll(tests)
    }
  }

  async #context(call: ModelCall<Value>): Promise<GradientContext<Value>> {
    const backend = await this.#backend.open(call)
    return { call, backend, loss: this.#loss, batchSize: this.#options.batchSize }
  }
}

/** From webgpu to wasm, and from there to cpu. */
const mostFallbacks = 2

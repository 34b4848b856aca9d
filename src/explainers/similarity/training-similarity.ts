import { explainFailedImport } from '../../failed-import.js'
import { InvalidArgumentError, NotFittedError, isGradlensError } from '../../errors.js'
import type { Explanation } from '../../explanation.js'
import type { ByteStore } from '../../store/bytes/byte-store.js'
import { toNdArray } from '../../array-input.js'
import { type CallOptions, type Progress, assertKnownKeys } from '../../options.js'
import { lazyModule } from '../../lazy-module.js'
import type { LabelInput, QuestionLabelInput } from '../../losses/labels.js'
import type { ReadLoss } from '../../losses/loss.js'
import type { Predictor } from '../../predictor.js'
import { type ExampleSource, isExampleSource } from '../reading/example-source.js'
import { countExamples, type Inputs } from '../reading/inputs.js'
import { checkLossOfLogits } from '../reading/loss-of-logits.js'
import { BackendSession } from '../session/backend-session.js'
import { checkPredictor, type ModelCall, ModelSession } from '../session/model-session.js'
import { chooseParameters } from '../session/parameters.js'
import { createProgressReporter } from '../session/progress.js'
import { checkLoss } from './check-loss.js'
import type { EstimateOptions, SimilarityEstimate } from './estimate/similarity-estimate.js'
import { importStores, keepTrainingSet, readTraining } from './keep-training-set.js'
import { type Question, readQuestion } from './question.js'
import type { SelfInfluenceData } from './self-influence.js'
import type { SimilarityData } from './similarity-explanation.js'
import {
  explainOptionNames,
  type PrecomputeOptions,
  type SimilarityExplainOptions,
  type SimilaritySettings,
} from './similarity-options.js'
import type { SimilarityVariant } from './similarity-variant.js'
import type { TrainingSources } from './training-rows.js'
import {
  ExamplesInMemory,
  type GradientContext,
  type TrainingExamples,
  type TrainingSet,
} from './training-set.js'

const useRanking = lazyModule(() => import('./rank-training.js'))
const useExplanations = lazyModule(() => import('./similarity-explanation.js'))
const useSelfInfluence = lazyModule(() => import('./self-influence.js'))

/** From webgpu to wasm, and from there to cpu. */
const mostFallbacks = 2

/**
 * What all explainers that rank training examples by their gradients share: the model, the training examples with their
 * gradients, and the ranking. Errors of its methods are those of GradientSimilarity.
 */
export class TrainingSimilarity<Value> {
  readonly model: ModelSession<Value>
  readonly loss: ReadLoss<Value>
  readonly settings: SimilaritySettings
  readonly variant: SimilarityVariant<Value>
  readonly #backend = new BackendSession<Value>()
  #fitted: TrainingSet<Value> | undefined

  constructor(
    predictor: Predictor<Value>,
    loss: ReadLoss<Value>,
    settings: SimilaritySettings,
    variant: SimilarityVariant<Value>,
  ) {
    this.loss = loss
    this.settings = settings
    this.variant = variant
    this.model = new ModelSession(this.choose(predictor), settings.device)
  }

  /** Returns the predictor with the chosen parameters. */
  choose<Item>(predictor: Predictor<Value, Item>): Predictor<Value, Item> {
    checkPredictor(predictor)
    checkLossOfLogits(this.loss, predictor.output)
    const chosen = chooseParameters(predictor, this.settings.parameters)
    checkLoss(this.loss, predictor)
    return chosen
  }

  get fallbackReason(): string | null {
    const reasons = [this.model.fallbackReason, this.#backend.fallbackReason]
    return reasons.filter((reason) => reason !== null).join(' ') || null
  }

  /** The training examples; undefined before `fit`. */
  get fitted(): TrainingSet<Value> | undefined {
    return this.#fitted
  }

  replace(fitted: TrainingSet<Value> | undefined): void {
    this.#fitted?.[Symbol.dispose]()
    this.#fitted = fitted
  }

  dispose(): void {
    this.model.dispose()
    this.replace(undefined)
    this.#backend[Symbol.dispose]()
  }

  /** Opens the training examples of a store. */
  async openStore(store: ByteStore, call: ModelCall<Value>): Promise<void> {
    const { openTrainingStore } = await importStores()
    this.replace(await openTrainingStore(store, call, this.loss, this.settings))
  }

  async fit<Item>(
    xTrain: Inputs<Item> | ExampleSource<Inputs<Item>>,
    yTrain: LabelInput | ExampleSource<LabelInput>,
    { signal, onProgress }: CallOptions,
  ): Promise<void> {
    const call = this.model.begin(signal)
    const report = this.reporter(onProgress)
    await this.keep(await this.read(xTrain, yTrain, call), call, report)
  }

  /** Creates what progress of a call is reported to. */
  reporter(onProgress: CallOptions['onProgress']): (progress: Progress) => void {
    return createProgressReporter(this.variant.name, this.settings.verbose, onProgress)
  }

  /** Reads training examples before the first await ends; sources are read later. */
  read<Item>(
    xTrain: Inputs<Item> | ExampleSource<Inputs<Item>>,
    yTrain: LabelInput | ExampleSource<LabelInput>,
    call: ModelCall<Value>,
  ): Promise<TrainingExamples | TrainingSources<Item>> {
    return readTraining(xTrain, yTrain, call, this.loss, this.settings)
  }

  /** Takes training examples, with their gradients if they are to be kept. */
  async keep<Item>(
    examples: TrainingExamples | TrainingSources<Item>,
    call: ModelCall<Value>,
    report: (progress: Progress) => void,
  ): Promise<void> {
    const { settings } = this
    if (settings.precomputeGrads || !('items' in examples)) {
      const weightsVersion = await call.weightsVersion()
      const context = await this.context(call)
      const set = await keepTrainingSet(examples, context, settings, report)
      try {
        await call.assertWeights(weightsVersion)
      } catch (error) {
        set[Symbol.dispose]()
        throw error
      }
      this.replace(set)
    } else {
      // Nothing is computed yet, and no device is opened.
      call.check()
      this.replace(new ExamplesInMemory(examples, null))
      const exampleCount = countExamples(examples.x)
      report({ phase: 'fit', done: exampleCount, total: exampleCount })
    }
  }

  async estimate<Item>(
    xTrain: Inputs<Item> | ExampleSource<Inputs<Item>>,
    yTrain: LabelInput | ExampleSource<LabelInput> | undefined,
    options: EstimateOptions,
  ): Promise<SimilarityEstimate> {
    const call = this.model.begin(options.signal)
    const { estimateSimilarity } = await import('./estimate/estimate-similarity.js').catch(
      explainFailedImport,
    )
    const context = await this.context(call)
    return estimateSimilarity(xTrain, yTrain, context, this.settings, options)
  }

  async precompute<Item>(
    xTrain: Inputs<Item> | ExampleSource<Inputs<Item>>,
    yTrain: LabelInput | ExampleSource<LabelInput>,
    { rows, ids, signal, onProgress }: PrecomputeOptions,
    prepare?: (
      examples: TrainingExamples | TrainingSources<Item>,
      call: ModelCall<Value>,
      report: (progress: Progress) => void,
    ) => Promise<void>,
  ): Promise<void> {
    const call = this.model.begin(signal)
    const { store } = this.settings
    if (store === undefined) {
      throw new InvalidArgumentError('store', 'none', 'where precompute writes the gradients')
    }
    const report = this.reporter(onProgress)
    const [given, ownIds] = await Promise.all([
      this.read(xTrain, yTrain, call),
      ids === undefined || isExampleSource(ids) ? ids : toNdArray('ids', ids),
    ])
    const weightsVersion = await call.weightsVersion()
    await prepare?.(given, call, report)
    const context = await this.context(call)
    const { writeTrainingSet } = await importStores()
    await writeTrainingSet(given, ownIds, context, this.settings, report, rows)
    await call.assertWeights(weightsVersion)
  }

  async explain<Item>(
    x: Inputs<Item>,
    y: QuestionLabelInput | undefined,
    options: SimilarityExplainOptions,
  ): Promise<Explanation<SimilarityData>> {
    assertKnownKeys('options', options, explainOptionNames)
    const { settings } = this
    const { name } = this.variant
    let question: Question | undefined
    return this.withFitted('explain', options.signal, async (call, fitted) => {
      // The arguments are read once, so that later changes to the page's arrays have no effect.
      question ??= await readQuestion(name, call, fitted.exampleCount, x, y, options, settings)
      return this.#explain(call, fitted, question)
    })
  }

  async selfInfluence({
    signal,
    onProgress,
  }: CallOptions): Promise<Explanation<SelfInfluenceData>> {
    const { settings } = this
    const variant = this.variant
    const report = createProgressReporter(variant.name, settings.verbose, onProgress)
    return this.withFitted('selfInfluence', signal, async (call, fitted) => {
      const { computeSelfInfluence, createSelfInfluence } = await useSelfInfluence()
      const openContext = (): Promise<GradientContext<Value>> => this.context(call)
      const source = { call, fitted, variant, weight: 1, openContext }
      const scores = await computeSelfInfluence([source], report)
      return createSelfInfluence(variant.name, scores, variant.params?.() ?? {}, this.model.device)
    })
  }

  /** What computes, for one call. */
  async context(call: ModelCall<Value>): Promise<GradientContext<Value>> {
    const backend = await this.#backend.open(call)
    return { call, backend, loss: this.loss, batchSize: this.settings.batchSize }
  }

  /** Runs a step on the fitted examples, and again on the next device if one is lost. */
  async withFitted<Result>(
    method: string,
    signal: AbortSignal | undefined,
    step: (call: ModelCall<Value>, fitted: TrainingSet<Value>) => Promise<Result>,
  ): Promise<Result> {
    const call = this.model.begin(signal)
    const fitted = this.#fitted
    if (fitted === undefined) {
      throw new NotFittedError(`${method} was called before fit; call fit(xTrain, yTrain) first.`)
    }
    // A fit that ends during this call must not dispose these gradients.
    fitted.retain()
    try {
      for (let fallbacks = 0; ; fallbacks++) {
        try {
          return await step(call, fitted)
        } catch (error) {
          // If the call was aborted or the explainer disposed, that is the reason of the failure.
          call.check()
          const isLost = !fitted.isOnDevice && isGradlensError(error, 'DeviceError')
          if (!isLost || fallbacks === mostFallbacks || !this.model.fallBack(error)) throw error
        }
      }
    } finally {
      fitted[Symbol.dispose]()
    }
  }

  async #explain(
    call: ModelCall<Value>,
    fitted: TrainingSet<Value>,
    question: Question,
  ): Promise<Explanation<SimilarityData>> {
    const { k, ranking } = question
    const weightsVersion = await call.weightsVersion()
    await fitted.assertModel(call, weightsVersion)
    const context = await this.context(call)
    const { rankTraining } = await useRanking()
    const { task } = this.settings
    const { ranked, usage } = await rankTraining(context, fitted, question, task, this.variant)
    await call.assertWeights(weightsVersion)
    const { createSimilarityExplanation, selectMostSimilar } = await useExplanations()
    const pick = (indices: Int32Array): Promise<SimilarityData['mostSimilar']> =>
      fitted.pick(indices, ranking.testCount, call.signal)
    const picked = {
      mostSimilar: await pick(selectMostSimilar(ranked, k)),
      leastSimilar: await pick(ranked.leastIndices),
    }
    call.check()
    return createSimilarityExplanation(this.variant, ranked, picked, {
      ...{ question, fitted, usage, loss: this.loss, settings: this.settings },
      ...{ predictor: call.predictor, device: this.model.device },
    })
  }
}

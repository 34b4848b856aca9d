import type { ExampleSource } from '../explainers/reading/example-source.js'
import type { Inputs } from '../explainers/reading/inputs.js'
import { Explainer } from '../explainers/session/explainer.js'
import type { EstimateOptions } from '../explainers/similarity/estimate/similarity-estimate.js'
import type { SelfInfluenceData } from '../explainers/similarity/self-influence.js'
import type { PrecomputeOptions } from '../explainers/similarity/similarity-options.js'
import { TrainingSimilarity } from '../explainers/similarity/training-similarity.js'
import type { PlacedGradients } from '../explainers/similarity/gradient-blocks.js'
import type { TrainingSources } from '../explainers/similarity/training-rows.js'
import type {
  GradientContext,
  TrainingExamples,
  TrainingSet,
} from '../explainers/similarity/training-set.js'
import type { ModelCall } from '../explainers/session/model-session.js'
import { NotFittedError, UnsupportedError } from '../errors.js'
import type { DeviceGradients } from '../compute/gradient-backend.js'
import type { Explanation } from '../explanation.js'
import { lazyModule } from '../lazy-module.js'
import type { LabelInput, QuestionLabelInput } from '../losses/labels.js'
import { type Loss, readLoss } from '../losses/loss.js'
import { assertKnownKeys, type CallOptions, type Progress } from '../options.js'
import type { Predictor } from '../predictor.js'
import type { ByteStore } from '../store/bytes/byte-store.js'
import { explainCheckpoints } from './explain-checkpoints.js'
import type { InfluenceEstimate } from './curvatures/estimate-influence.js'
import type { FittedCurvature } from './curvatures/fitted-curvature.js'
import { type InfluenceQuestion, readInfluenceQuestion } from './influence-question.js'
import {
  type InfluenceData,
  influenceExplainNames,
  type InfluenceExplainOptions,
  type InfluenceOptions,
  type InfluenceSettings,
  type OpenInfluenceOptions,
  readInfluenceOptions,
} from './influence-options.js'

const useCurvatures = lazyModule(() => import('./curvatures/curvatures.js'))

/**
 * Ranks training examples by their influence on the loss of the example explained: I = g(z)ᵀ (H + λ)⁻¹ g(z_j), where
 * g(z) = ∇θ L(y, f(x)) and H approximates the curvature of the training loss (Koh and Liang, 2017).
 *
 * @example
 * using explainer = new InfluenceFunctions(
 *   tfjsPredictor(model),
 *   'categoricalCrossentropy',
 * )
 * await explainer.fit(xTrain, yTrain)
 * const { scores, mostSimilar } = await explainer.explain(x)
 */
export class InfluenceFunctions<Value = unknown, Item = never> extends Explainer<Value, Item> {
  readonly #similarity: TrainingSimilarity<Value>
  readonly #settings: InfluenceSettings
  #curvature: FittedCurvature<Value> | undefined
  /** The file that the store lacks, if there is no curvature for that reason. */
  #missingFile: string | undefined

  /** @throws InvalidArgumentError for an unknown option value or loss; UnsupportedError without trainable parameters */
  constructor(
    predictor: Predictor<Value, Item>,
    lossFn: Loss<Value>,
    options: InfluenceOptions = {},
  ) {
    const loss = readLoss(lossFn)
    const settings = readInfluenceOptions(options)
    const { curvature, damping } = settings
    const isIdentity = curvature === 'identity'
    const similarity = new TrainingSimilarity<Value>(predictor, loss, settings.similarity, {
      name: 'InfluenceFunctions',
      ...(!isIdentity && {
        prepare: (...given) => this.#prepare(...given),
        quadraticForms: (...given) => this.#computeQuadraticForms(...given),
      }),
      params: () => ({
        curvature,
        ...(!isIdentity && { damping: damping ?? null, ...this.#describeCurvature() }),
      }),
    })
    super(similarity.model)
    this.#similarity = similarity
    this.#settings = settings
  }

  /**
   * Opens an explainer of the training examples in a store, without a fit. Each `explain` streams their gradients from the
   * store, within `maxBytes` and `maxGpuBytes`. The curvature is read from the store too, if it has one; otherwise call
   * `fitCurvature`.
   *
   * @throws StoreError if there is no store, it is not complete, or of another model, loss or parameter list; and as the
   *   constructor
   */
  static async open<Value, Item = never>(
    store: ByteStore,
    predictor: Predictor<Value, Item>,
    lossFn: Loss<Value>,
    { signal, ...options }: OpenInfluenceOptions = {},
  ): Promise<InfluenceFunctions<Value, Item>> {
    const explainer = new InfluenceFunctions(predictor, lossFn, options)
    try {
      const similarity = explainer.#similarity
      const call = similarity.model.begin(signal)
      await similarity.openStore(store, call)
      await explainer.#openCurvature(store, call, options)
      return explainer
    } catch (error) {
      explainer.dispose()
      throw error
    }
  }

  override get fallbackReason(): string | null {
    return this.#similarity.fallbackReason
  }

  /** The bytes of training gradients in memory; 0 without `precomputeGrads`, or with a store. */
  get gradientBytes(): number {
    return this.#similarity.fitted?.gradientBytes ?? 0
  }

  /**
   * Takes the training examples and estimates the curvature of their loss. With `precomputeGrads` it computes and stores
   * their gradients, as `fit` of GradientSimilarity does. If it rejects, what was fitted before stays.
   *
   * @returns the explainer itself
   * @throws as `fit` of GradientSimilarity; UnsupportedError for a loss without a distribution or a parameter that the
   *   curvature does not cover; InvalidArgumentError for factors larger than `maxCurvatureBytes`
   */
  async fit(
    xTrain: Inputs<Item> | ExampleSource<Inputs<Item>>,
    yTrain: LabelInput | ExampleSource<LabelInput>,
    { signal, onProgress }: CallOptions = {},
  ): Promise<this> {
    const similarity = this.#similarity
    const call = similarity.model.begin(signal)
    const report = similarity.reporter(onProgress)
    const examples = await similarity.read(xTrain, yTrain, call)
    const curvature = await this.#estimateCurvature(examples, call, report)
    await similarity.keep(examples, call, report)
    await this.#write(curvature, call)
    this.#curvature = curvature
    return this
  }

  /**
   * Estimates the curvature from these examples alone, and leaves the fitted training examples as they are: for a store
   * of training gradients without a curvature, or where some of the training examples suffice. The explainer's own
   * `store` keeps it.
   *
   * @throws as `fit`
   * @example
   * const explainer = await InfluenceFunctions.open(
   *   store,
   *   predictor,
   *   'categoricalCrossentropy',
   * )
   * await explainer.fitCurvature(xSome, ySome)
   */
  async fitCurvature(
    x: Inputs<Item> | ExampleSource<Inputs<Item>>,
    y: LabelInput | ExampleSource<LabelInput>,
    { signal, onProgress }: CallOptions = {},
  ): Promise<this> {
    const similarity = this.#similarity
    const call = similarity.model.begin(signal)
    const examples = await similarity.read(x, y, call)
    const report = similarity.reporter(onProgress)
    const curvature = await this.#estimateCurvature(examples, call, report)
    await this.#write(curvature, call)
    this.#curvature = curvature
    return this
  }

  /**
   * Estimates what `fit` with these examples would take, as `estimate` of GradientSimilarity does: its gradients, and in
   * `curvature` the factors.
   */
  async estimate(
    xTrain: Inputs<Item> | ExampleSource<Inputs<Item>>,
    yTrain?: LabelInput | ExampleSource<LabelInput>,
    options: EstimateOptions = {},
  ): Promise<InfluenceEstimate> {
    const similarity = this.#similarity
    const estimate = await similarity.estimate(xTrain, yTrain, options)
    if (this.#settings.curvature === 'identity') return { ...estimate, curvature: null }
    const { estimateCurvature } = await useCurvatures()
    const context = await similarity.context(similarity.model.begin(options.signal))
    const curvature = await estimateCurvature(xTrain, yTrain, context, this.#settings)
    return { ...estimate, curvature }
  }

  /**
   * Writes training gradients into the `store`, as `precompute` of GradientSimilarity does. Without a range of rows, it
   * writes the curvature too.
   */
  async precompute(
    xTrain: Inputs<Item> | ExampleSource<Inputs<Item>>,
    yTrain: LabelInput | ExampleSource<LabelInput>,
    options: PrecomputeOptions = {},
  ): Promise<void> {
    const similarity = this.#similarity
    let curvature: FittedCurvature<Value> | undefined
    const prepare = async (
      examples: TrainingExamples | TrainingSources<Item>,
      call: ModelCall<Value>,
      report: (progress: Progress) => void,
    ): Promise<void> => {
      curvature = await this.#estimateCurvature(examples, call, report)
    }
    const isWhole = options.rows === undefined
    await similarity.precompute(xTrain, yTrain, options, isWhole ? prepare : undefined)
    await this.#write(curvature, similarity.model.begin(options.signal))
  }

  /**
   * Ranks the training examples by their influence on the loss of each of the examples given. A positive score means that
   * training on the example lowered the loss.
   *
   * @param x [nTest, …], one example without the batch axis, or a list of one array per model input; or raw items that
   *   the predictor preprocesses
   * @param y their labels; one label is taken for all. Left out in classification, the predicted ones
   */
  async explain(
    x: Inputs<Item>,
    y?: QuestionLabelInput,
    options: InfluenceExplainOptions<Value> = {},
  ): Promise<Explanation<InfluenceData>> {
    assertKnownKeys('options', options, influenceExplainNames)
    const { aggregate, questionLoss, perParameter, ...others } = options
    if (aggregate === undefined && questionLoss === undefined && perParameter === undefined) {
      return this.#similarity.explain(x, y, others)
    }
    const similarity = this.#similarity
    const { settings, variant } = similarity
    const { name, params = () => ({}) } = variant
    let question: InfluenceQuestion<Value> | undefined
    return similarity.withFitted('explain', options.signal, async (call, fitted) => {
      const { exampleCount } = fitted
      // The arguments are read once, so that later changes to the page's arrays have no effect.
      question ??= await readInfluenceQuestion(name, call, exampleCount, x, y, options, settings)
      const only = { call, similarity, fitted, learningRate: 1 }
      return explainCheckpoints({ name, params }, [only], question, settings)
    })
  }

  /**
   * Computes the influence of each training example on its own loss, gᵀ (H + λ)⁻¹ g, in one pass. High values belong to
   * examples that the model had to learn by heart: rare ones, and wrong labels.
   *
   * @throws as `explain`; UnsupportedError for projected gradients with a curvature
   */
  async selfInfluence(options: CallOptions = {}): Promise<Explanation<SelfInfluenceData>> {
    return this.#similarity.selfInfluence(options)
  }

  /** Replaces the model. Everything computed from the old one is dropped, and `fit` must be called again. */
  override resetPredictor(predictor: Predictor<Value, Item>): void {
    super.resetPredictor(this.#similarity.choose(predictor))
    this.#similarity.replace(undefined)
    this.#curvature = undefined
  }

  override dispose(): void {
    this.#similarity.dispose()
  }

  async #estimateCurvature(
    examples: TrainingExamples | TrainingSources<Item>,
    call: ModelCall<Value>,
    report: (progress: Progress) => void,
  ): Promise<FittedCurvature<Value> | undefined> {
    const { curvature, curvatureStore } = this.#settings
    if (curvature === 'identity') return undefined
    const { estimateFitted, readGiven } = await useCurvatures()
    if (curvatureStore !== undefined) {
      return readGiven(curvatureStore, call, this.#similarity.loss, this.#settings)
    }
    const context = await this.#similarity.context(call)
    return estimateFitted(examples, context, this.#settings, report)
  }

  async #openCurvature(
    gradients: ByteStore,
    call: ModelCall<Value>,
    { fisher, seed }: OpenInfluenceOptions,
  ): Promise<void> {
    if (this.#settings.curvature === 'identity') return
    const { curvatureKey, openStored } = await useCurvatures()
    const { loss } = this.#similarity
    const settings = this.#settings
    const store = settings.curvatureStore ?? gradients
    this.#curvature = await openStored(store, call, loss, settings, { fisher, seed })
    const key = curvatureKey(settings.curvature)
    this.#missingFile = this.#curvature === undefined ? (store.locate?.(key) ?? key) : undefined
  }

  /** Writes a curvature into the explainer's store. */
  async #write(fitted: FittedCurvature<Value> | undefined, call: ModelCall<Value>): Promise<void> {
    const { curvature, similarity } = this.#settings
    if (fitted?.identity === undefined || similarity.store === undefined) return
    const { identity, origin } = fitted
    const { examplesHash } = origin
    if (examplesHash === undefined) return
    const { writeCurvature } = await useCurvatures()
    const float = similarity.storeDtype
    const description = { identity, curvature, float, ...origin, examplesHash }
    await writeCurvature(similarity.store, fitted.curvature, description, call.signal)
    call.check()
  }

  async #prepare(
    tests: readonly PlacedGradients[],
    context: GradientContext<Value>,
    fitted: TrainingSet<Value>,
  ): Promise<PlacedGradients[]> {
    if (this.#curvature === undefined) {
      for (const { gradients } of tests) gradients[Symbol.dispose]()
    }
    return this.#requireCurvature().prepare(tests, context, fitted, this.#settings.damping)
  }

  async #computeQuadraticForms(
    gradients: DeviceGradients,
    { call }: GradientContext<Value>,
    { projection }: TrainingSet<Value>,
  ): Promise<Float64Array> {
    if (projection !== undefined) {
      throw new UnsupportedError(
        'projection',
        `the training gradients are projected to ${projection.settings.size} numbers, which the curvature of all ` +
          "parameters doesn't fit. Compute self-influence without a projection, or with curvature: 'identity'.",
      )
    }
    const fitted = this.#requireCurvature()
    await fitted.assertModel(call)
    const block = await gradients.read()
    return fitted.curvature.quadraticForms(block, this.#settings.damping, () => call.pause())
  }

  #requireCurvature(): FittedCurvature<Value> {
    if (this.#curvature !== undefined) return this.#curvature
    const { curvature } = this.#settings
    const missing =
      this.#missingFile === undefined ? '' : ` (the store has no ${this.#missingFile})`
    throw new NotFittedError(
      `there is no curvature '${curvature}' for these training gradients${missing}; call fitCurvature(x, y), write it ` +
        `into the store with precompute, or choose curvature: 'identity'.`,
    )
  }

  /** How the curvature was estimated, and which parameters it approximates more coarsely than by its own rule. */
  #describeCurvature(): Readonly<Record<string, unknown>> {
    if (this.#curvature === undefined) return {}
    const { curvature, origin } = this.#curvature
    const { seed, exampleCount } = origin
    const names = (rule: 'diagonal' | 'identity'): readonly string[] =>
      this.#settings.curvature === rule ? [] : curvature.listParameters(rule)
    const [diagonal, identity] = [names('diagonal'), names('identity')]
    return {
      ...(seed === null ? { fisher: 'empirical' } : { fisher: 'true', curvatureSeed: seed }),
      curvatureExamples: exampleCount,
      ...(diagonal.length > 0 && { diagonalParameters: diagonal }),
      ...(identity.length > 0 && { identityParameters: identity }),
    }
  }
}

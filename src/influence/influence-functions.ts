import type { ExampleSource } from '../explainers/reading/example-source.js'
import type { Inputs } from '../explainers/reading/inputs.js'
import { Explainer } from '../explainers/session/explainer.js'
import type {
  EstimateOptions,
  SimilarityEstimate,
} from '../explainers/similarity/estimate/similarity-estimate.js'
import type { SimilarityData } from '../explainers/similarity/similarity-explanation.js'
import type { PrecomputeOptions } from '../explainers/similarity/similarity-options.js'
import { TrainingSimilarity } from '../explainers/similarity/training-similarity.js'
import type { Explanation } from '../explanation.js'
import type { LabelInput, QuestionLabelInput } from '../losses/labels.js'
import { type Loss, readLoss } from '../losses/loss.js'
import type { CallOptions } from '../options.js'
import type { Predictor } from '../predictor.js'
import type { ByteStore } from '../store/bytes/byte-store.js'
import {
  type InfluenceExplainOptions,
  type InfluenceOptions,
  type OpenInfluenceOptions,
  readInfluenceOptions,
} from './influence-options.js'

/**
 * Ranks training examples by their influence on the loss of the example explained: I = g(z)ᵀ (H + λ)⁻¹ g(z_j), where
 * g(z) = ∇θ L(y, f(x)) and H approximates the curvature of the training loss (Koh and Liang, 2017).
 *
 * @example
 * using explainer = new InfluenceFunctions(tfjsPredictor(model), 'categoricalCrossentropy')
 * await explainer.fit(xTrain, yTrain)
 * const { scores, mostSimilar } = await explainer.explain(x)
 */
export class InfluenceFunctions<Value = unknown, Item = never> extends Explainer<Value, Item> {
  readonly #similarity: TrainingSimilarity<Value>

  /** @throws InvalidArgumentError for an unknown option value or loss; UnsupportedError without trainable parameters */
  constructor(
    predictor: Predictor<Value, Item>,
    lossFn: Loss<Value>,
    options: InfluenceOptions = {},
  ) {
    const loss = readLoss(lossFn)
    const { curvature, similarity: settings } = readInfluenceOptions(options)
    const similarity = new TrainingSimilarity<Value>(predictor, loss, settings, {
      name: 'InfluenceFunctions',
      params: () => ({ curvature }),
    })
    super(similarity.model)
    this.#similarity = similarity
  }

  /**
   * Opens an explainer of the training examples in a store, without a fit. Each `explain` streams their gradients from the
   * store, within `maxBytes` and `maxGpuBytes`.
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
      await similarity.openStore(store, similarity.model.begin(signal))
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
   * Takes the training examples and, with `precomputeGrads`, computes and stores their gradients, as `fit` of
   * GradientSimilarity does.
   *
   * @returns the explainer itself
   */
  async fit(
    xTrain: Inputs<Item> | ExampleSource<Inputs<Item>>,
    yTrain: LabelInput | ExampleSource<LabelInput>,
    options: CallOptions = {},
  ): Promise<this> {
    await this.#similarity.fit(xTrain, yTrain, options)
    return this
  }

  /** Estimates what `fit` with these examples would take, as `estimate` of GradientSimilarity does. */
  async estimate(
    xTrain: Inputs<Item> | ExampleSource<Inputs<Item>>,
    yTrain?: LabelInput | ExampleSource<LabelInput>,
    options: EstimateOptions = {},
  ): Promise<SimilarityEstimate> {
    return this.#similarity.estimate(xTrain, yTrain, options)
  }

  /** Writes training gradients into the `store`, as `precompute` of GradientSimilarity does. */
  async precompute(
    xTrain: Inputs<Item> | ExampleSource<Inputs<Item>>,
    yTrain: LabelInput | ExampleSource<LabelInput>,
    options: PrecomputeOptions = {},
  ): Promise<void> {
    return this.#similarity.precompute(xTrain, yTrain, options)
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
    options: InfluenceExplainOptions = {},
  ): Promise<Explanation<SimilarityData>> {
    return this.#similarity.explain(x, y, options)
  }

  /** Replaces the model. Everything computed from the old one is dropped, and `fit` must be called again. */
  override resetPredictor(predictor: Predictor<Value, Item>): void {
    super.resetPredictor(this.#similarity.choose(predictor))
    this.#similarity.replace(undefined)
  }

  override dispose(): void {
    this.#similarity.dispose()
  }
}

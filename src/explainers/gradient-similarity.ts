import type { Explanation } from '../explanation.js'
import type { LabelInput, QuestionLabelInput } from '../losses/labels.js'
import { type Loss, readLoss } from '../losses/loss.js'
import type { CallOptions } from '../options.js'
import type { Predictor } from '../predictor.js'
import type { ByteStore } from '../store/bytes/byte-store.js'
import type { ExampleSource } from './reading/example-source.js'
import type { Inputs } from './reading/inputs.js'
import { Explainer } from './session/explainer.js'
import type {
  EstimateOptions,
  SimilarityEstimate,
} from './similarity/estimate/similarity-estimate.js'
import type { SelfInfluenceData } from './similarity/self-influence.js'
import type { SimilarityData } from './similarity/similarity-explanation.js'
import {
  type GradientSimilarityOptions,
  type OpenSimilarityOptions,
  type PrecomputeOptions,
  readSimilarityOptions,
  type SimilarityExplainOptions,
} from './similarity/similarity-options.js'
import { TrainingSimilarity } from './similarity/training-similarity.js'

/**
 * Ranks training examples by the similarity of their loss gradients to that of the example explained: g(z) = ∇θ L(y, f(x)) over the trainable parameters.
 *
 * grad_dot and grad_cos as in Charpiat et al. (2019), "Input similarity from the neural network
 * perspective"; figures as alibi's GradientSimilarity.
 *
 * @example
 * using explainer = new GradientSimilarity(
 *   tfjsPredictor(model),
 *   'categoricalCrossentropy',
 *   { simFn: 'grad_cos' },
 * )
 * await explainer.fit(xTrain, yTrain)
 * const { scores, orderedIndices } = await explainer.explain(x)
 */
export class GradientSimilarity<Value = unknown, Item = never> extends Explainer<Value, Item> {
  readonly #similarity: TrainingSimilarity<Value>

  /** @throws InvalidArgumentError for an unknown option value or loss; UnsupportedError without trainable parameters */
  constructor(
    predictor: Predictor<Value, Item>,
    lossFn: Loss<Value>,
    options: GradientSimilarityOptions = {},
  ) {
    const loss = readLoss(lossFn)
    const settings = readSimilarityOptions(options)
    const similarity = new TrainingSimilarity<Value>(predictor, loss, settings, {
      name: 'GradientSimilarity',
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
   * @example
   * const store = new HttpStore('https://example.org/digits.zarr')
   * using explainer = await GradientSimilarity.open(
   *   store,
   *   predictor,
   *   'categoricalCrossentropy',
   * )
   * const { mostSimilar } = await explainer.explain(x, undefined, {
   *   ranking: 'top',
   * })
   */
  static async open<Value, Item = never>(
    store: ByteStore,
    predictor: Predictor<Value, Item>,
    lossFn: Loss<Value>,
    { signal, ...options }: OpenSimilarityOptions = {},
  ): Promise<GradientSimilarity<Value, Item>> {
    const explainer = new GradientSimilarity(predictor, lossFn, options)
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
    options: CallOptions = {},
  ): Promise<this> {
    await this.#similarity.fit(xTrain, yTrain, options)
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
   * using explainer = new GradientSimilarity(predictor, loss)
   * const { seconds, memoryBytes, projection } = await explainer.estimate(
   *   xTrain,
   *   yTrain,
   * )
   */
  async estimate(
    xTrain: Inputs<Item> | ExampleSource<Inputs<Item>>,
    yTrain?: LabelInput | ExampleSource<LabelInput>,
    options: EstimateOptions = {},
  ): Promise<SimilarityEstimate> {
    return this.#similarity.estimate(xTrain, yTrain, options)
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
   * using explainer = new GradientSimilarity(predictor, loss, {
   *   precomputeGrads: true,
   *   store,
   * })
   * await explainer.precompute(xTrain, yTrain, { rows: { start: 0, end: 50_000 } })
   */
  async precompute(
    xTrain: Inputs<Item> | ExampleSource<Inputs<Item>>,
    yTrain: LabelInput | ExampleSource<LabelInput>,
    options: PrecomputeOptions = {},
  ): Promise<void> {
    return this.#similarity.precompute(xTrain, yTrain, options)
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
    return this.#similarity.explain(x, y, options)
  }

  /**
   * Computes the influence of each training example on its own loss, ‖g(z_j)‖², in one pass. Of gradients in stores, only
   * the norms are read. High values belong to examples that the model had to learn by heart: rare ones, and wrong labels.
   *
   * @throws as `explain`
   */
  async selfInfluence(options: CallOptions = {}): Promise<Explanation<SelfInfluenceData>> {
    return this.#similarity.selfInfluence(options)
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

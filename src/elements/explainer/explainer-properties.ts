import { LitElement, type PropertyDeclarations } from 'lit'
import type { NdArray } from '../../ndarray.js'
import { namesConverter } from '../base/names.js'
import type { Channels } from '../base/picture/channels.js'
import type { ValueRange } from '../base/picture/pixels.js'
import type { Layout } from '../attribution-image/layers.js'
import type { Labels } from '../similar-examples/labels.js'
import { type Nouns, usualNouns } from '../similar-examples/wording/nouns.js'
import type { ExampleKind, Examples } from '../similar-examples/similarity-view.js'
import type { Suspects } from '../similar-examples/suspects.js'
import type { Ranking } from './rankings/ranking.js'
import type { AttributionLike, Predict, SimilarityLike } from './structural-explainers.js'

/** The properties of `<gl-explainer>`: a model, explainers, an example, and how to show it. */
export abstract class ExplainerProperties extends LitElement {
  static override properties: PropertyDeclarations = {
    theme: { reflect: true },
    similarity: { attribute: false },
    attribution: { attribute: false },
    predict: { attribute: false },
    x: { attribute: false },
    y: { attribute: false },
    target: { type: Number },
    xTrain: { attribute: false },
    yTrain: { attribute: false },
    similarityOptions: { attribute: false },
    attributionOptions: { attribute: false },
    kind: {},
    labels: { converter: namesConverter },
    truth: { type: Number },
    unit: {},
    features: { converter: namesConverter },
    columns: { converter: namesConverter },
    tokens: { converter: namesConverter },
    times: { converter: namesConverter },
    values: { attribute: false },
    image: { attribute: false },
    channels: {},
    ink: { type: Boolean },
    range: { attribute: false },
    examples: { attribute: false },
    urlTemplate: { attribute: 'url-template' },
    trainLabels: { attribute: false },
    trainPredictions: { attribute: false },
    trainSuspects: { attribute: false },
    rankings: { attribute: false },
    trainNames: { attribute: false },
    explainedIndex: { attribute: 'explained-index', type: Number },
    nouns: { converter: namesConverter },
    top: { type: Number },
    mapLayout: { attribute: 'map-layout' },
  }

  /**
   * GradientSimilarity, InfluenceFunctions, TracIn, or an object with the same methods, such as a proxy of
   * a worker: `explain(x, y, call)` and optionally `fit(xTrain, yTrain, call)`.
   */
  declare similarity: SimilarityLike | null
  /**
   * IntegratedGradients, Gradient, or an object with the same method, such as a proxy of a worker:
   * `explain(x, call)`.
   */
  declare attribution: AttributionLike | null
  /**
   * Returns the model's output for x, or a promise of it. The greatest output is explained. A
   * returned tensor is disposed of after it is read.
   */
  declare predict: Predict | null
  /** The example to explain, in a form that the explainers accept; null: none. */
  declare x: unknown
  /** The example's label, in a form that `similarity` accepts. Default: the prediction. */
  declare y: unknown
  /** The output to attribute. Default: the predicted class. */
  declare target: number | null
  /**
   * The training examples. The element fits the explainer once, with `xTrain` and `yTrain`; omit
   * both if it is fitted.
   */
  declare xTrain: unknown
  /** The labels of the training examples, in a form that the explainer's `fit` accepts. */
  declare yTrain: unknown
  /** Options of `similarity.explain`, such as `topK`. */
  declare similarityOptions: object
  /** Options of `attribution.explain`, such as `baselines`. */
  declare attributionOptions: object
  /** The kind of data: 'image' (default), 'text', 'tabular' or 'series'. */
  declare kind: ExampleKind
  /**
   * The names of the classes. Default: their indices. In an attribute: separated by commas, or as
   * JSON.
   */
  declare labels: readonly string[]
  /** The example's true class or value, if it is known. */
  declare truth: number | null
  /** The unit of the value that a regression predicts. */
  declare unit: string
  /**
   * For rows and time series: the names of the features, with their units. In an attribute like
   * `labels`.
   */
  declare features: readonly string[]
  /**
   * For rows: the names of the columns of the training examples, if they are not those of the
   * features. Default: `features`.
   */
  declare columns: readonly string[] | null
  /** For a text: its tokens, one per position. In an attribute like `labels`. */
  declare tokens: readonly string[] | null
  /** For a time series: the names of its steps. In an attribute like `labels`. */
  declare times: readonly string[]
  /** For a row: its values as text. */
  declare values: readonly (number | string)[] | null
  /** For an image: the image [height, width] or [height, width, channels]. Default: x. */
  declare image: NdArray | null
  /**
   * The axis of the channels in x and the training images: 'last' for [height, width, channels],
   * 'first' for [channels, height, width]; for time series, that of the features. Default: the
   * explanation's, or 'last'.
   */
  declare channels: Channels | null
  /** Draws images of one channel in the theme's colours, as ink on paper. */
  declare ink: boolean
  /**
   * The values that are drawn as black and as white in training images. Default: chosen from the
   * values.
   */
  declare range: ValueRange | null
  /** All training examples, in the order of the fit. They replace those in the explanation. */
  declare examples: Examples
  /**
   * The URL of the training images, where '{id}' is replaced by the index of the training example.
   */
  declare urlTemplate: string | null
  /** The labels of all training examples. Default: yTrain. */
  declare trainLabels: Labels
  /** The model's predictions for all training examples. */
  declare trainPredictions: Labels
  /**
   * The indices of the training examples whose labels should be checked, for example the first of
   * `rankSuspectLabels`. Default: found among the most similar.
   */
  declare trainSuspects: Suspects
  /**
   * Rankings of the training examples to compare, for example by influence and by self-influence. They
   * are side by side in a fold, and computed when the user opens it.
   */
  declare rankings: readonly Ranking[]
  /** The names of all training examples, which are shown instead of their numbers. */
  declare trainNames: readonly string[]
  /**
   * The index of x, if it is one of the training examples. It is then not listed among those that are
   * similar to it. Set it together with x.
   */
  declare explainedIndex: number | null
  /**
   * What one of the training examples is called, and what several are called. Default: 'training
   * example, training examples'. In an attribute like `labels`.
   */
  declare nouns: Nouns
  /** The number of classes to show, the most probable first. Default: all classes, in their order. */
  declare top: number | null
  /**
   * The layout of map and image: 'side-by-side', 'overlay', 'masked', or only the 'map'. Default: only the
   * map if the page shows the example, else side by side.
   */
  declare mapLayout: Layout | null

  /** 'light' or 'dark' overrides the page's `color-scheme`; null follows it. */
  declare theme: 'light' | 'dark' | null

  constructor() {
    super()
    this.theme = null
    this.similarity = null
    this.attribution = null
    this.predict = null
    this.x = null
    this.y = undefined
    this.target = null
    this.xTrain = null
    this.yTrain = null
    this.similarityOptions = {}
    this.attributionOptions = {}
    this.kind = 'image'
    this.labels = []
    this.truth = null
    this.unit = ''
    this.features = []
    this.columns = null
    this.tokens = null
    this.times = []
    this.values = null
    this.image = null
    this.channels = null
    this.ink = false
    this.range = null
    this.examples = null
    this.urlTemplate = null
    this.trainLabels = null
    this.trainPredictions = null
    this.trainSuspects = null
    this.rankings = []
    this.trainNames = []
    this.explainedIndex = null
    this.nouns = usualNouns
    this.top = null
    this.mapLayout = null
  }
}

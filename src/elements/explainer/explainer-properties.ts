import { LitElement, type PropertyDeclarations } from 'lit'
import type { NdArray } from '../../ndarray.js'
import { namesConverter } from '../base/names.js'
import type { ValueRange } from '../base/picture/pixels.js'
import type { Labels } from '../similar-examples/labels.js'
import type { ExampleKind, Examples } from '../similar-examples/similarity-view.js'
import type { AttributionLike, Predict, SimilarityLike } from './structural-explainers.js'

/** What `<gl-explainer>` is given: a model, explainers, an example, and how to show it. */
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
    tokens: { converter: namesConverter },
    values: { attribute: false },
    image: { attribute: false },
    ink: { type: Boolean },
    range: { attribute: false },
    examples: { attribute: false },
    urlTemplate: { attribute: 'url-template' },
    trainLabels: { attribute: false },
    trainPredictions: { attribute: false },
  }

  /** GradientSimilarity, or what stands for one in a worker: `explain(x, y, call)`, and perhaps `fit(xTrain, yTrain, call)`. */
  declare similarity: SimilarityLike | null
  /** IntegratedGradients, Gradient or what stands for one in a worker: `explain(x, call)`. */
  declare attribution: AttributionLike | null
  /** The model's output for x, which then chooses the class that is explained. A tensor is disposed of once it is read. */
  declare predict: Predict | null
  /** The example that is explained, as the explainers take it; null: none. */
  declare x: unknown
  /** Its label, as `similarity` takes it; undefined: the predicted one. */
  declare y: unknown
  /** The output that is attributed; null: the predicted class. */
  declare target: number | null
  /** Given with `yTrain`: the explainer is fitted with them, once. Leave both out if it has been fitted. */
  declare xTrain: unknown
  /** The training examples' labels, as the explainer's `fit` takes them. */
  declare yTrain: unknown
  /** Further options of `similarity.explain`, `topK` say. */
  declare similarityOptions: object
  /** Further options of `attribution.explain`, `baselines` say. */
  declare attributionOptions: object
  /** What kind of data it is. Default 'image'. */
  declare kind: ExampleKind
  /** The names of the classes. In an attribute: separated by commas, or as JSON. */
  declare labels: readonly string[]
  /** The example's own label, a class or a value, if that is known. */
  declare truth: number | null
  /** The unit of the value that a regression answers. */
  declare unit: string
  /** Of rows: the names of the features, with their units. In an attribute as `labels`. */
  declare features: readonly string[]
  /** Of a text: its tokens, one for each position. In an attribute as `labels`. */
  declare tokens: readonly string[] | null
  /** Of a row: its values as one reads them. */
  declare values: readonly (number | string)[] | null
  /** Of an image: the picture [height, width] or [height, width, channels], if it is another than x. */
  declare image: NdArray | null
  /** Draws images of one channel as ink on the page's paper. */
  declare ink: boolean
  /** The values of black and of white in images of training examples; null: as their values suggest. */
  declare range: ValueRange | null
  /** The training examples as they are to be shown, if they are others than the explainer's. */
  declare examples: Examples
  /** Where the images of training examples are, '{id}' standing for their number. */
  declare urlTemplate: string | null
  /** The labels of all training examples; null: yTrain. */
  declare trainLabels: Labels
  /** What the model says of all training examples. */
  declare trainPredictions: Labels

  /** 'light' or 'dark', whatever the page's `color-scheme`; null: the page's. */
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
    this.tokens = null
    this.values = null
    this.image = null
    this.ink = false
    this.range = null
    this.examples = null
    this.urlTemplate = null
    this.trainLabels = null
    this.trainPredictions = null
  }
}

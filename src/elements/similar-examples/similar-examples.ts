import {
  type CSSResultGroup,
  html,
  nothing,
  type PropertyDeclarations,
  type TemplateResult,
} from 'lit'
import { readChoice } from '../../options.js'
import { GlElement } from '../base/element.js'
import { type GivenExplanation } from '../base/explanation-source.js'
import { namesConverter } from '../base/names.js'
import type { Picture } from '../base/picture/picture.js'
import { rangeOf, type ValueRange } from '../base/picture/pixels.js'
import { moveFocus } from '../base/roving.js'
import type { Table } from '../base/table.js'
import type { Theme } from '../base/color/theme.js'
import { createNumberFormat } from '../text/format.js'
import { drawSimilarity } from './render/draw-similarity.js'
import { paintExamples } from './example-canvas.js'
import type { Label, Labels } from './labels.js'
import { renderMeans } from './render/render-means.js'
import { renderCards, renderPlaces } from './render/render-cards.js'
import { renderRows } from './render/render-rows.js'
import { meansSentence, similaritySentence } from './sentence.js'
import type { SelectedExample, ShownExample } from './shown-example.js'
import { signedBarStyles } from '../base/color/signed-bar.styles.js'
import { similarEndsStyles } from './similar-examples.styles.js'
import { exampleStyles } from './example.styles.js'
import {
  similarityView,
  type ExampleKind,
  type Examples,
  type SimilarityView,
  type SimilarityViewOptions,
} from './similarity-view.js'
import { similarityRecords, similarityTable } from './similarity-table.js'

/** What the view is made of, besides the explanation. */
const questions = [
  'index',
  'kind',
  'examples',
  'urlTemplate',
  'labels',
  'trainLabels',
  'trainPredictions',
  'predicted',
] as const satisfies readonly (keyof SimilarityViewOptions)[]

const kinds: readonly ExampleKind[] = ['image', 'text', 'tabular']

/**
 * The training examples most and least similar to the one that is explained, as pictures, texts or rows of a table:
 * their scores as bars on one scale, their labels, what the model says of them, and the mean score of each class. Among
 * the most similar, one of another class than `predicted` is marked: its label may be wrong.
 *
 * @tagname gl-similar-examples
 *
 * @fires {CustomEvent<SelectedExample>} gl-example-select - A training example was chosen; only if `selectable`.
 *
 * @csspart end - The most similar, or the least.
 * @csspart example - A training example.
 * @csspart picture - Its picture.
 * @csspart bar - The bar of a score or of a mean.
 * @csspart suspect - What says that a label should be checked.
 * @csspart means - The mean scores of the classes.
 */
export class GlSimilarExamples extends GlElement<SimilarityView> {
  static override properties: PropertyDeclarations = {
    kind: {},
    examples: { attribute: false },
    urlTemplate: { attribute: 'url-template' },
    trainLabels: { attribute: false },
    trainPredictions: { attribute: false },
    labels: { converter: namesConverter },
    predicted: {},
    features: { converter: namesConverter },
    ink: { type: Boolean },
    range: { attribute: false },
    selectable: { type: Boolean, reflect: true },
    selected: { type: Number },
    stop: { state: true },
  }

  static override styles: CSSResultGroup = [
    GlElement.styles,
    signedBarStyles,
    similarEndsStyles,
    exampleStyles,
  ]

  /**
   * What kind of data the examples are; null: texts are texts (and not the addresses of images), arrays [h, w] and
   * [h, w, 1 | 3 | 4] are images, other arrays rows of a table.
   */
  declare kind: ExampleKind | null
  /** All training examples, in the order of the fit, to be shown instead of those in the explanation. */
  declare examples: Examples
  /** Where the images are, '{id}' standing for the number of the training example. */
  declare urlTemplate: string | null
  /** The labels of all training examples: indices of classes, names, values, or one-hot rows. */
  declare trainLabels: Labels
  /** What the model says of all training examples, likewise. */
  declare trainPredictions: Labels
  /** The names of the classes; without, their numbers. In an attribute: separated by commas, or as JSON. */
  declare labels: readonly string[]
  /** The answer that is explained: the class, by index or name. */
  declare predicted: Label | null
  /** The names of the features of a row, with their units. In an attribute as `labels`. */
  declare features: readonly string[]
  /** Draws images of one channel as ink on the page's paper. */
  declare ink: boolean
  /** The values of black and of white in images; null: as their values suggest. */
  declare range: ValueRange | null
  /** Lets the visitor choose an example: `gl-example-select` tells of it. */
  declare selectable: boolean
  /** The number of the training example that is chosen. */
  declare selected: number | null
  /** Which of the examples the Tab key leads to. */
  declare private stop: number

  #read: { readonly given: readonly unknown[]; readonly view: SimilarityView } | null = null
  readonly #ranges = new WeakMap<SimilarityView, ValueRange>()

  protected override readonly fileName: string = 'similar-examples'
  protected override readonly emptyText: string = 'No training examples ranked yet.'

  constructor() {
    super()
    this.kind = null
    this.examples = null
    this.urlTemplate = null
    this.trainLabels = null
    this.trainPredictions = null
    this.labels = []
    this.predicted = null
    this.features = []
    this.ink = false
    this.range = null
    this.selectable = false
    this.selected = null
    this.stop = 0
  }

  protected override read(explanation: GivenExplanation | null): SimilarityView | null {
    if (explanation === null) return null
    if (this.kind !== null) readChoice('kind', this.kind, kinds)
    const given: unknown[] = [explanation, ...questions.map((name) => this[name])]
    // Of a million training examples, a view is not made anew because one of them is focused.
    if (this.#read?.given.every((value, i) => value === given[i]) === true) return this.#read.view
    const view = similarityView(explanation, this)
    this.#read = { given, view }
    return view
  }

  protected override renderView(view: SimilarityView): TemplateResult {
    const { most, least } = view
    const format = createNumberFormat(scoresOf([...most, ...least]))
    // What is not ranked cannot be chosen; that is all of the least similar, or none.
    const choosable = [...most, ...least].filter(({ index }) => index !== undefined)
    const stop = Math.min(this.stop, choosable.length - 1)
    const common = {
      view,
      format,
      columns: this.features,
      selected: this.selectable ? this.selected : undefined,
      stop: this.selectable ? stop : undefined,
      select: (detail: SelectedExample): void => {
        this.#select(detail)
      },
    }
    const isTable = most[0]?.content.kind === 'row'
    const render = isTable ? renderRows : renderCards
    const end = (title: string, end: 'most' | 'least', examples: readonly ShownExample[]) =>
      examples.length === 0
        ? nothing
        : html`
            <div class="end" part="end">
              <p class="end-title">${title}</p>
              ${render({ ...common, end, examples, from: end === 'most' ? 0 : most.length, title })}
            </div>
          `
    return html`
      <div class="ends" @keydown=${moveFocus} @focusin=${this.#followFocus}>
        ${end('Most similar', 'most', most)} ${end('Least similar', 'least', least)}
        ${renderMeans(view, meansSentence(view))}
      </div>
    `
  }

  /** The places of the pictures, where it is known that there will be some: nothing moves when they come. */
  protected override renderNothing(): TemplateResult {
    if (this.kind !== 'image' || this.state === 'error') return super.renderNothing()
    return html`<div class="ends" aria-hidden="true">
      <div class="end">
        <p class="end-title">Most similar</p>
        ${renderPlaces()}
      </div>
      <div class="end">
        <p class="end-title">Least similar</p>
        ${renderPlaces()}
      </div>
    </div>`
  }

  protected override updated(): void {
    super.updated()
    const { view } = this
    if (view === null) return
    const ink = this.ink ? this.colors : null
    paintExamples(this.renderRoot, [...view.most, ...view.least], this.#rangeOf(view), ink)
  }

  protected override summarise(view: SimilarityView): string {
    return similaritySentence(view)
  }

  protected override tableOf(view: SimilarityView): Table {
    return similarityTable(view)
  }

  protected override recordsOf(view: SimilarityView): Table {
    return similarityRecords(view)
  }

  protected override pictureOf(view: SimilarityView, theme: Theme): Picture {
    return drawSimilarity(view, { theme, range: this.#rangeOf(view), ink: this.ink })
  }

  /** One range for all pictures. */
  #rangeOf(view: SimilarityView): ValueRange {
    if (this.range !== null) return this.range
    const known = this.#ranges.get(view)
    const range = known ?? rangeOf(pixelValues(view))
    if (known === undefined) this.#ranges.set(view, range)
    return range
  }

  #select(detail: SelectedExample): void {
    this.selected = detail.index
    this.dispatchEvent(
      new CustomEvent('gl-example-select', { detail, bubbles: true, composed: true }),
    )
  }

  readonly #followFocus = ({ target }: Event): void => {
    const stops = [...this.renderRoot.querySelectorAll('[data-stop]')]
    const at = target instanceof Element ? stops.indexOf(target) : -1
    if (at >= 0) this.stop = at
  }
}

function* scoresOf(examples: readonly ShownExample[]): Generator<number> {
  for (const { score } of examples) if (score !== undefined) yield score
}

function* pixelValues({ most, least }: SimilarityView): Generator<number> {
  for (const { content } of [...most, ...least])
    if (content.kind === 'image') yield* content.pixels.data
}

declare global {
  interface HTMLElementTagNameMap {
    'gl-similar-examples': GlSimilarExamples
  }
  interface HTMLElementEventMap {
    'gl-example-select': CustomEvent<SelectedExample>
  }
}

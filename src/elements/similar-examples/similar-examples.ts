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
import type { Channels } from '../base/picture/channels.js'
import type { Picture } from '../base/picture/picture.js'
import { findRange, type ValueRange } from '../base/picture/pixels.js'
import { moveFocus } from '../base/roving.js'
import type { Table } from '../base/table.js'
import type { Theme } from '../base/color/theme.js'
import { drawSimilarity } from './render/draw-similarity.js'
import { paintExamples } from './render/example-canvas.js'
import type { Label, Labels } from './labels.js'
import type { Suspects } from './suspects.js'
import { renderMeans } from './render/render-means.js'
import { renderCards, renderPlaceholders } from './render/render-cards.js'
import { renderTable } from './render/render-table.js'
import { createScoreFormat } from './wording/score-format.js'
import {
  describeLeastSimilar,
  describeMeans,
  describeMostSimilar,
  describeSimilarity,
} from './wording/sentence.js'
import type { ExampleListOptions, ShownEnd } from './render/example-list.js'
import { type Nouns, readNouns, usualNouns } from './wording/nouns.js'
import type { PointedExample, SelectedExample } from './shown-example.js'
import { signedBarStyles } from '../base/color/signed-bar.styles.js'
import { similarEndsStyles } from './similar-examples.styles.js'
import { exampleStyles } from './example.styles.js'
import {
  createSimilarityView,
  type ExampleKind,
  exampleKinds,
  type Examples,
  type SimilarityView,
  type SimilarityViewOptions,
} from './similarity-view.js'
import { createSimilarityRecords, createSimilarityTable } from './similarity-table.js'

/** The properties that the view depends on, in addition to the explanation. */
const viewProperties = [
  'index',
  'kind',
  'examples',
  'urlTemplate',
  'channels',
  'labels',
  'trainLabels',
  'trainPredictions',
  'trainSuspects',
  'predicted',
  'count',
  'trainNames',
  'explainedIndex',
  'nouns',
] as const satisfies readonly (keyof SimilarityViewOptions)[]

/**
 * The training examples at both ends of a ranking, as images, texts or rows of a table, with their
 * scores as bars on one scale, their labels, the model's predictions for them, and the mean score of
 * each class. It shows rankings of GradientSimilarity, InfluenceFunctions and TracIn for an explained
 * example, and those of `selfInfluence` and `rankSuspectLabels`.
 *
 * Examples in `trainSuspects` are marked: their labels may be wrong. Without it, and with
 * `simFn: 'grad_cos'`, one of the most similar examples is marked if all others have the label of another
 * class, and the model's prediction for it is another class too.
 *
 * @tagname gl-similar-examples
 *
 * @fires {CustomEvent<SelectedExample>} gl-example-select - The user selected a training example;
 * only with `selectable`.
 * @fires {CustomEvent<PointedExample>} gl-example-focus - The pointer or the focus moved to another
 * training example; only with `selectable`.
 *
 * @csspart end - The most similar examples, or the least similar.
 * @csspart example - A training example.
 * @csspart picture - The image of an example.
 * @csspart bar - The bar of a score or a mean.
 * @csspart suspect - The mark of a label that may be wrong.
 * @csspart means - The mean scores of the classes.
 */
export class GlSimilarExamples extends GlElement<SimilarityView> {
  static override properties: PropertyDeclarations = {
    kind: {},
    examples: { attribute: false },
    urlTemplate: { attribute: 'url-template' },
    channels: {},
    trainLabels: { attribute: false },
    trainPredictions: { attribute: false },
    trainSuspects: { attribute: false },
    trainNames: { attribute: false },
    explainedIndex: { attribute: 'explained-index', type: Number },
    nouns: { converter: namesConverter },
    labels: { converter: namesConverter },
    predicted: {},
    count: { type: Number },
    features: { converter: namesConverter },
    ink: { type: Boolean },
    range: { attribute: false },
    selectable: { type: Boolean, reflect: true },
    selected: { type: Number },
    folded: { type: Boolean, reflect: true },
    stop: { state: true },
  }

  static override styles: CSSResultGroup = [
    GlElement.styles,
    signedBarStyles,
    similarEndsStyles,
    exampleStyles,
  ]

  /**
   * The kind of data. By default, strings are texts (not image URLs), arrays [h, w] and [h, w, 1 |
   * 3 | 4] are images (with `channels` 'first' [1 | 3 | 4, h, w]), and other arrays are rows of a
   * table. With 'series', arrays [time, features] are lines. With 'image', strings in `examples` are
   * addresses, which the page fetches.
   */
  declare kind: ExampleKind | null
  /** All training examples, in the order of the fit. They replace those in the explanation. */
  declare examples: Examples
  /** The URL of the images, where '{id}' is replaced by the index of the training example. */
  declare urlTemplate: string | null
  /**
   * The axis of the channels in images: 'last' for [h, w, channels], 'first' for [channels, h, w].
   * Default: the explanation's, or 'last'.
   */
  declare channels: Channels | null
  /** The labels of all training examples: class indices, names, values or one-hot lists. */
  declare trainLabels: Labels
  /** The model's predictions for all training examples, in the same forms as `trainLabels`. */
  declare trainPredictions: Labels
  /** The names of all training examples, which are shown instead of their numbers. */
  declare trainNames: readonly string[]
  /**
   * The index of the explained example, if it is one of the training examples. It is then not listed among
   * those that are similar to it.
   */
  declare explainedIndex: number | null
  /**
   * What one of the examples is called, and what several are called. Default: 'training example, training
   * examples'. In an attribute like `labels`.
   */
  declare nouns: Nouns
  /**
   * The indices of the training examples whose labels should be checked, for example the first of
   * `rankSuspectLabels`. Default: found among the most similar.
   */
  declare trainSuspects: Suspects
  /**
   * The names of the classes. Default: their indices. In an attribute: separated by commas, or as
   * JSON.
   */
  declare labels: readonly string[]
  /** The explained class, by index or name. */
  declare predicted: Label | null
  /** How many examples of each end are shown. Default: as many as the explanation picked, or five. */
  declare count: number | null
  /** The names of a row's features, with their units. In an attribute like `labels`. */
  declare features: readonly string[]
  /** Draws images of one channel in the theme's colours, as ink on paper. */
  declare ink: boolean
  /** The values that are drawn as black and as white. Default: chosen from the values. */
  declare range: ValueRange | null
  /** Lets the user select an example, which fires `gl-example-select`. */
  declare selectable: boolean
  /** The index of the selected training example. */
  declare selected: number | null
  /** Folds the least similar examples and the means of the classes. */
  declare folded: boolean
  /** The position of the example that is the tab stop. */
  declare private stop: number

  #read: { readonly given: readonly unknown[]; readonly view: SimilarityView } | null = null
  #pointed: number | null = null
  readonly #ranges = new WeakMap<SimilarityView, ValueRange>()

  protected override readonly fileName: string = 'similar-examples'
  protected override get emptyText(): string {
    return `No ${readNouns(this.nouns).many} yet.`
  }

  constructor() {
    super()
    this.kind = null
    this.examples = null
    this.urlTemplate = null
    this.channels = null
    this.trainLabels = null
    this.trainPredictions = null
    this.trainSuspects = null
    this.trainNames = []
    this.explainedIndex = null
    this.nouns = usualNouns
    this.labels = []
    this.predicted = null
    this.count = null
    this.features = []
    this.ink = false
    this.range = null
    this.selectable = false
    this.selected = null
    this.folded = false
    this.stop = 0
  }

  protected override read(explanation: GivenExplanation | null): SimilarityView | null {
    if (explanation === null) return null
    if (this.kind !== null) readChoice('kind', this.kind, exampleKinds)
    const given: unknown[] = [explanation, ...viewProperties.map((name) => this[name])]
    // A new view of a million training examples is expensive, so focus changes reuse the old one.
    if (this.#read?.given.every((value, i) => value === given[i]) === true) return this.#read.view
    // An explanation from elsewhere must not make the page send requests.
    const areOwn = !this.isFromFrame('examples') && !this.isFromFrame('kind')
    const view = createSimilarityView(explanation, this, this.kind === 'image' && areOwn)
    this.#pointed = null
    this.#read = { given, view }
    return view
  }

  protected override renderView(view: SimilarityView): TemplateResult {
    const ends = this.#listEnds(view)
    return html`
      <div
        class="ends"
        @keydown=${moveFocus}
        @focusin=${this.#followFocus}
        @pointerover=${this.#followPointer}
      >
        ${this.#renderEnds(this.folded ? ends.slice(0, 1) : ends, view)}
        ${this.folded ? nothing : renderMeans(view, describeMeans(view))}
      </div>
    `
  }

  protected override renderFold(view: SimilarityView): TemplateResult | typeof nothing {
    if (!this.folded || view.least.length === 0) return nothing
    const [, ...rest] = this.#listEnds(view)
    const sentence = describeLeastSimilar(view)
    return html`
      <details class="fold">
        <summary>
          ${view.measure.titles.least}${view.means.length === 0 ? '' : ', and the mean score of each class'}
        </summary>
        <div
          class="ends"
          @keydown=${moveFocus}
          @focusin=${this.#followFocus}
          @pointerover=${this.#followPointer}
        >
          ${this.#renderEnds(rest, view)}
          ${sentence === '' ? nothing : html`<p class="means-sentence">${sentence}</p>`}
          ${renderMeans(view, describeMeans(view))}
        </div>
      </details>
    `
  }

  #listEnds({ most, least, measure: { titles } }: SimilarityView): ShownEnd[] {
    const ends: ShownEnd[] = [
      { end: 'most', title: titles.most, examples: most, from: 0 },
      { end: 'least', title: titles.least, examples: least, from: most.length },
    ]
    return ends.filter(({ examples }) => examples.length > 0)
  }

  #renderEnds(ends: readonly ShownEnd[], view: SimilarityView): unknown {
    // Either all of the least similar examples are ranked, or none. Unranked examples are not
    // selectable.
    const selectable = ends
      .flatMap(({ examples }) => examples)
      .filter(({ index }) => index !== undefined)
    const first = ends[0]?.from ?? 0
    const last = first + selectable.length - 1
    const options: ExampleListOptions = {
      view,
      format: createScoreFormat(view),
      columns: this.features,
      selected: this.selectable ? this.selected : undefined,
      // Each group that is shown has a tab stop of its own.
      stop: this.selectable ? Math.max(first, Math.min(this.stop, last)) : undefined,
      select: (detail: SelectedExample): void => {
        this.#select(detail)
      },
    }
    const isTable = view.most[0]?.content.kind === 'row'
    return isTable ? renderTable(ends, options) : ends.map((end) => renderCards(end, options))
  }

  /** Placeholders for images, so that nothing moves when they arrive. */
  protected override renderNothing(): TemplateResult {
    if ((this.kind !== 'image' && this.kind !== 'series') || this.state === 'error')
      return super.renderNothing()
    return html`<div class="ends" aria-hidden="true">
      ${renderPlaceholders('Most similar')}
      ${this.folded ? nothing : renderPlaceholders('Least similar')}
    </div>`
  }

  protected override updated(): void {
    super.updated()
    const { view } = this
    if (view === null) return
    const ink = this.ink ? this.colors : null
    paintExamples(this.renderRoot, [...view.most, ...view.least], this.#findRange(view), ink)
  }

  protected override describe(view: SimilarityView): string {
    return this.folded ? describeMostSimilar(view) : describeSimilarity(view)
  }

  protected override createTable(view: SimilarityView): Table {
    return createSimilarityTable(view)
  }

  protected override createRecords(view: SimilarityView): Table {
    return createSimilarityRecords(view)
  }

  protected override drawPicture(view: SimilarityView, theme: Theme): Picture {
    return drawSimilarity(view, { theme, range: this.#findRange(view), ink: this.ink })
  }

  /** One range for all images. */
  #findRange(view: SimilarityView): ValueRange {
    if (this.range !== null) return this.range
    const known = this.#ranges.get(view)
    const range = known ?? findRange(listPixels(view))
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
    if (at < 0) return
    this.stop = at
    this.#point(target as Element)
  }

  readonly #followPointer = ({ target }: Event): void => {
    if (target instanceof Element) this.#point(target)
  }

  /** Reports the example that the pointer or the focus is on. */
  #point(target: Element): void {
    const text = target.closest<HTMLElement>('[data-index]')?.dataset['index']
    const index = text === undefined ? null : Number(text)
    if (!this.selectable || index === null || index === this.#pointed) return
    this.#pointed = index
    const detail: PointedExample = { index }
    this.dispatchEvent(
      new CustomEvent('gl-example-focus', { detail, bubbles: true, composed: true }),
    )
  }
}

function* listPixels({ most, least }: SimilarityView): Generator<number> {
  for (const { content } of [...most, ...least])
    if (content.kind === 'image') yield* content.pixels.data
}

declare global {
  interface HTMLElementTagNameMap {
    'gl-similar-examples': GlSimilarExamples
  }
  interface HTMLElementEventMap {
    'gl-example-select': CustomEvent<SelectedExample>
    'gl-example-focus': CustomEvent<PointedExample>
  }
}

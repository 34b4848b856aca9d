import { html, type CSSResultGroup, type PropertyDeclarations, type TemplateResult } from 'lit'
import { InvalidArgumentError } from '../../errors.js'
import { readChoice } from '../../options.js'
import { GlElement } from '../base/element.js'
import type { GivenExplanation } from '../base/explanation-source.js'
import { namesConverter } from '../base/names.js'
import type { Picture } from '../base/picture/picture.js'
import { readPageFrame } from '../base/source/page-frame.js'
import type { Table } from '../base/table.js'
import { type ExampleKind, exampleKinds } from '../similar-examples/similarity-view.js'
import { chooseViews, type ExplanationView, type ViewTag } from './choose-view.js'
import { explanationStyles } from './explanation.styles.js'

/** The elements of an explanation. */
interface ShownViews {
  readonly explanation: GivenExplanation
  readonly views: readonly ExplanationView[]
}

/** An element that shows a part of the explanation. */
type ViewElement = HTMLElementTagNameMap[ViewTag]

/** Properties that are passed on if they are set. */
const passedOn = ['labels', 'features', 'tokens', 'times', 'theme'] as const

/**
 * Any explanation, in the element for its kind: an attributed image, text, row or time series,
 * similar examples, or probabilities. With several inputs or layers, each has an element of its
 * own.
 *
 * Attributions of one axis for each example are features; with `tokens`, they are a text. Two axes
 * are an image [height, width]; with `times` or `kind="series"` a time series, and with a
 * one-dimensional input the embedding of a text. Three axes are an image.
 *
 * @tagname gl-explanation
 *
 * @csspart part - The element of an input or layer, with its name.
 */
export class GlExplanation extends GlElement<ShownViews> {
  static override properties: PropertyDeclarations = {
    kind: {},
    input: { type: Number },
    labels: { converter: namesConverter },
    features: { converter: namesConverter },
    tokens: { converter: namesConverter },
    times: { converter: namesConverter },
    options: { attribute: false },
  }

  static override styles: CSSResultGroup = [GlElement.styles, explanationStyles]

  /** The kind of data: 'image', 'text', 'tabular' or 'series'. Default: as above. */
  declare kind: ExampleKind | null
  /** The index of the attributed input or layer to show. Default: all. */
  declare input: number | null
  /**
   * The names of the outputs. Default: their indices. In an attribute: separated by commas, or as
   * JSON.
   */
  declare labels: readonly string[]
  /** The names of the features. In an attribute like `labels`. */
  declare features: readonly string[]
  /** The tokens of a text, one per position. In an attribute like `labels`. */
  declare tokens: readonly string[] | null
  /** The names of the time steps. In an attribute like `labels`. */
  declare times: readonly string[]
  /** Other properties of the element that is shown, by their names, such as `{ ink: true }`. */
  declare options: Readonly<Record<string, unknown>>

  protected override readonly fileName: string = 'explanation'
  protected override readonly emptyText: string = 'No explanation yet.'

  constructor() {
    super()
    this.kind = null
    this.input = null
    this.labels = []
    this.features = []
    this.tokens = null
    this.times = []
    this.options = {}
  }

  override connectedCallback(): void {
    super.connectedCallback()
    this.#readPage()
    // The parser may not have come to the element's content yet.
    if (document.readyState === 'loading') {
      document.addEventListener('DOMContentLoaded', this.#readPage, { once: true })
    }
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    document.removeEventListener('DOMContentLoaded', this.#readPage)
  }

  override toCSV(): string {
    return this.#first().toCSV()
  }

  override toSVG(): string {
    return this.#first().toSVG()
  }

  override async toBlob(
    type: 'image/png' | 'image/svg+xml' | 'text/csv' = 'image/png',
  ): Promise<Blob> {
    return this.#first().toBlob(type)
  }

  protected override async getUpdateComplete(): Promise<boolean> {
    const isComplete = await super.getUpdateComplete()
    for (const element of this.#elements) await element.updateComplete
    return isComplete
  }

  protected override read(explanation: GivenExplanation | null): ShownViews | null {
    const { kind, input, options, tokens, times } = this
    if (kind !== null) readChoice('kind', kind, exampleKinds)
    if (explanation === null) return null
    const hasNames = (names: unknown): boolean => Array.isArray(names) && names.length > 0
    const views = chooseViews(explanation, {
      kind,
      input,
      hasTokens: hasNames(tokens) || hasNames(options['tokens']),
      hasTimes: hasNames(times) || hasNames(options['times']),
    })
    return { explanation, views }
  }

  protected override render(): TemplateResult {
    const { view, state } = this
    if (view === null || state === 'error') return super.render()
    return html`<div class="root parts">${this.renderView(view)}</div>
      <span class="theme-probe" aria-hidden="true"></span>`
  }

  protected override renderView({ views }: ShownViews): TemplateResult {
    return html`${views.map(({ tag, title }) =>
      title === ''
        ? renderElement(tag)
        : html`<section part="part" aria-label=${title}>
            <p class="title">${title}</p>
            ${renderElement(tag)}
          </section>`,
    )}`
  }

  protected override updated(): void {
    super.updated()
    const { view } = this
    if (view === null || this.state === 'error') return
    this.#elements.forEach((element, i) => {
      this.#pass(view, view.views[i], element)
    })
  }

  /** The elements inside describe themselves, and save themselves. */
  protected override describe(): string {
    return ''
  }

  protected override createTable(): Table {
    return { caption: '', columns: [], rows: [] }
  }

  protected override drawPicture(): Picture {
    return { width: 0, height: 0, marks: [] }
  }

  get #elements(): ViewElement[] {
    return [...this.renderRoot.querySelectorAll<ViewElement>('[data-view]')]
  }

  #pass(
    { explanation }: ShownViews,
    view: ExplanationView | undefined,
    element: ViewElement,
  ): void {
    const own = this as unknown as Readonly<Record<string, unknown>>
    const { kind, options } = this
    const set = passedOn.filter((name) => {
      const value = own[name]
      return value !== null && !(Array.isArray(value) && value.length === 0)
    })
    const { elementProperties } = element.constructor as typeof GlExplanation
    const properties = {
      ...options,
      ...Object.fromEntries(set.map((name) => [name, own[name]])),
      // A frame's 'image' would make the page's own texts addresses.
      kind: (this.isFromFrame('kind') && kind === 'image' ? null : kind) ?? options['kind'] ?? null,
      ...(view?.input === undefined ? {} : { input: view.input }),
      explanation,
      index: this.index,
      loading: this.state === 'loading',
    }
    for (const [name, value] of Object.entries(properties)) {
      if (elementProperties.has(name)) Object.assign(element, { [name]: value })
    }
  }

  #first(): ViewElement {
    const [first] = this.state === 'error' ? [] : this.#elements
    if (first !== undefined) return first
    throw new InvalidArgumentError(
      'explanation',
      this.state === 'error' ? 'one that cannot be shown' : 'none',
      'one that is shown; set an explanation and await updateComplete before you save it',
    )
  }

  /** Reads the frame of a report. */
  readonly #readPage = (): void => {
    if (this.explanation !== null || this.src !== null) return
    const bytes = readPageFrame(this)
    if (bytes !== null) this.explanation = bytes
  }
}

function renderElement(tag: ViewTag): TemplateResult {
  switch (tag) {
    case 'gl-attribution-bars':
      return html`<gl-attribution-bars data-view></gl-attribution-bars>`
    case 'gl-attribution-image':
      return html`<gl-attribution-image data-view></gl-attribution-image>`
    case 'gl-attribution-series':
      return html`<gl-attribution-series data-view></gl-attribution-series>`
    case 'gl-attribution-text':
      return html`<gl-attribution-text data-view></gl-attribution-text>`
    case 'gl-probabilities':
      return html`<gl-probabilities data-view></gl-probabilities>`
    case 'gl-similar-examples':
      return html`<gl-similar-examples data-view></gl-similar-examples>`
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'gl-explanation': GlExplanation
  }
}

import {
  html,
  LitElement,
  nothing,
  type CSSResultGroup,
  type PropertyDeclarations,
  type PropertyValues,
  type TemplateResult,
} from 'lit'
import { InvalidArgumentError } from '../../errors.js'
import { checkDownloads, describeDownload, download } from './downloads.js'
import type { ExplanationSource, GivenExplanation } from './explanation-source.js'
import { frameStyles } from './frame.styles.js'
import { Latest } from './latest.js'
import { paintPicture } from './picture/paint-picture.js'
import { bodySize, wrapText, type Picture } from './picture/picture.js'
import { formatSvg } from './picture/picture-svg.js'
import { renderSaveMenu, type SavedFormat } from './save-menu.js'
import {
  fetchExplanation,
  type OpenedExplanation,
  readExplanation,
} from './source/open-explanation.js'
import { SideProperties } from './source/side-properties.js'
import { formatCsv, renderTable, type Table } from './table.js'
import { ThemeController, type Theme } from './color/theme.js'
import { tokens } from './tokens.js'
import { version } from '../../version.js'

/**
 * The state of an element: it has no explanation, a promise is pending, a result is shown, or an
 * error is shown.
 */
export type ElementState = 'empty' | 'loading' | 'ready' | 'error'

/** The detail of the event gl-state-change. */
export interface StateChange {
  readonly state: ElementState
  /** The error, in the state 'error'; otherwise null. */
  readonly error: unknown
}

/**
 * The base of all elements that show an explanation. It shows the explanation with a sentence and a
 * table for screen readers, dims the old result while the next one is pending, shows errors,
 * follows the page's theme, and saves the result.
 *
 * `View` is the data that an element extracts from the explanation and its own properties.
 *
 * @fires {CustomEvent<StateChange>} gl-state-change - The state changed.
 *
 * @csspart figure - The whole content.
 * @csspart caption - The sentence under the picture.
 * @csspart error - The error message.
 * @csspart table - The table for screen readers.
 * @csspart save - The menu that saves the result.
 * @csspart save-note - Why a file may not have been saved.
 * @csspart version-note - That another version of gradlens wrote the explanation.
 *
 * @cssstate empty - No explanation is set.
 * @cssstate loading - The next explanation is pending; the old result is dimmed.
 * @cssstate ready - The result is shown.
 * @cssstate error - An error is shown.
 *
 * @cssprop --gl-font - The font family.
 * @cssprop --gl-size-body - The font size of text. Default 0.9375rem.
 * @cssprop --gl-size-small - The font size of small text. Default 0.8125rem.
 * @cssprop --gl-radius - The radius of corners. Default 4px.
 * @cssprop --gl-motion - The duration of transitions. Default 150ms; 0ms with reduced motion.
 * @cssprop --gl-paper - The background, which is also the colour of zero in maps.
 * @cssprop --gl-ink - Text.
 * @cssprop --gl-ink-quiet - Secondary text.
 * @cssprop --gl-rule - Thin decorative lines.
 * @cssprop --gl-rule-strong - Thin lines that must be visible, such as borders of controls.
 * @cssprop --gl-wash - The background of bar tracks and hovered items.
 * @cssprop --gl-accent - The accent colour: focus, probabilities, selection.
 * @cssprop --gl-accent-wash - The background of selected items.
 * @cssprop --gl-for - Positive bars.
 * @cssprop --gl-against - Negative bars.
 * @cssprop --gl-for-tint - The background of the most positive words. Ink must be legible on it.
 * @cssprop --gl-against-tint - The background of the most negative words. Ink must be legible on
 * it.
 * @cssprop --gl-alarm - Errors.
 */
export abstract class GlElement<View> extends LitElement {
  static override properties: PropertyDeclarations = {
    explanation: {},
    src: {},
    index: { type: Number },
    loading: { type: Boolean, reflect: true },
    theme: { reflect: true },
  }

  static override styles: CSSResultGroup = [tokens, frameStyles]

  /** The version of gradlens that this element is from. */
  static readonly version: string = version

  /**
   * The explanation to show: an Explanation; its JSON, as text or parsed, also from alibi; the bytes
   * of a frame or of JSON, also as a Blob; a promise of one of these; or null. Of several promises,
   * the last one set counts. The attribute takes JSON text.
   */
  declare explanation: ExplanationSource | null
  /**
   * The address of an explanation, as a frame or JSON. It is fetched when it is set, and of `src` and
   * `explanation`, the last one set counts.
   */
  declare src: string | null
  /** The index of the example to show, for an explanation of several examples. */
  declare index: number
  /**
   * Dims the old result. Set it while the next explanation is being computed, unless you set a
   * promise.
   */
  declare loading: boolean
  /** 'light' or 'dark' overrides the page's `color-scheme`; null follows it. */
  declare theme: 'light' | 'dark' | null

  /** The name of saved files, without the extension. */
  protected abstract readonly fileName: string
  /** The text that is shown if there is no explanation. */
  protected abstract readonly emptyText: string

  readonly #theme = new ThemeController(this)
  readonly #internals = this.attachInternals()
  readonly #latest = new Latest<OpenedExplanation>(readExplanation, () => {
    this.requestUpdate('explanation', undefined)
  })
  readonly #side = new SideProperties(this)
  #fetching: AbortController | null = null
  #followed: ExplanationSource | null = null
  #shownValue: OpenedExplanation | null = null
  #view: View | null = null
  #error: unknown = null
  #state: ElementState | null = null
  #saveNote = ''

  constructor() {
    super()
    this.explanation = null
    this.src = null
    this.index = 0
    this.loading = false
    this.theme = null
  }

  /** The state of the element, which is also a CSS state: `:state(loading)`. */
  get state(): ElementState {
    if (this.#latest.isPending || this.loading) return 'loading'
    if (this.#error !== null) return 'error'
    return this.#view === null ? 'empty' : 'ready'
  }

  /**
   * The result as CSV: a line of column names, then the rows, with unrounded numbers.
   *
   * @throws InvalidArgumentError if no result is shown
   */
  toCSV(): string {
    return formatCsv(this.createRecords(this.#shown()))
  }

  /**
   * The result as an SVG document, in the colours of the element's theme, with its sentence.
   *
   * @throws InvalidArgumentError if no result is shown
   */
  toSVG(): string {
    const { colors } = this
    return formatSvg(this.#addCaption(colors), colors.paper, this.describe(this.#shown()))
  }

  /**
   * The result as a file. A PNG has two pixels per CSS pixel.
   *
   * @throws InvalidArgumentError if no result is shown
   */
  async toBlob(type: 'image/png' | 'image/svg+xml' | 'text/csv' = 'image/png'): Promise<Blob> {
    if (type === 'text/csv') return new Blob([this.toCSV()], { type })
    if (type === 'image/svg+xml') return new Blob([this.toSVG()], { type })
    const { colors } = this
    const canvas = paintPicture(this.#addCaption(colors), colors.paper, 2)
    return new Promise((resolve, reject) => {
      canvas.toBlob((blob) => {
        if (blob !== null) resolve(blob)
        else
          reject(
            new Error(
              'The image is too large: this browser cannot write it as PNG. Save it as SVG.',
            ),
          )
      }, type)
    })
  }

  /** The current colours, as CSS resolves them. */
  protected get colors(): Theme {
    return this.#theme.read()
  }

  /** The result that is shown, which is the old one while the next one is pending. */
  protected get view(): View | null {
    return this.#view
  }

  /**
   * Extracts the data to show, or null if there is none.
   *
   * @param explanation null if none is set
   * @throws InvalidArgumentError if a property or the explanation is invalid
   */
  protected abstract read(explanation: GivenExplanation | null): View | null
  /** Renders the picture. */
  protected abstract renderView(view: View): TemplateResult
  /** Describes the result in one or two sentences. */
  protected abstract describe(view: View): string
  /** The table for screen readers. */
  protected abstract createTable(view: View): Table
  /** The picture to save. */
  protected abstract drawPicture(view: View, theme: Theme): Picture

  /** The content of a CSV file. */
  protected createRecords(view: View): Table {
    return this.createTable(view)
  }

  /** Renders what is less often needed, below the sentence. */
  protected renderFold?(view: View): TemplateResult | typeof nothing

  /** Renders the placeholder for a missing result. */
  protected renderNothing(): TemplateResult {
    const text = this.state === 'loading' ? 'Loading the result …' : this.emptyText
    return html`<p class="notice">${text}</p>`
  }

  /** Whether a property is the frame's, and not the page's. */
  protected isFromFrame(name: string): boolean {
    return this.#side.has(name)
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('src')) this.#fetch()
    // A settled promise also requests an update, but the property has not changed.
    if (changed.has('explanation') && this.explanation !== this.#followed) {
      this.#followed = this.explanation
      this.#fetching?.abort()
      this.#fetching = null
      this.#latest.follow(this.explanation)
    }
    const { value } = this.#latest
    if (value !== this.#shownValue) {
      this.#shownValue = value
      this.#side.apply(value?.side ?? {})
    }
    if (changed.size > 0) this.#readView()
  }

  protected override updated(): void {
    const { state } = this
    if (state === this.#state) return
    if (this.#state !== null) this.#internals.states.delete(this.#state)
    this.#internals.states.add(state)
    this.#internals.ariaBusy = String(state === 'loading')
    this.#state = state
    const detail: StateChange = { state, error: state === 'error' ? this.#error : null }
    this.dispatchEvent(
      new CustomEvent('gl-state-change', { detail, bubbles: true, composed: true }),
    )
  }

  protected override render(): TemplateResult {
    const { state } = this
    const view = this.#view
    return html`
      <figure class="root" part="figure">
        <div class="place">
          <div class="content">${view === null ? this.renderNothing() : this.renderView(view)}</div>
          ${
            state === 'error'
              ? html`<p class="error" part="error" role="alert">${describeError(this.#error)}</p>`
              : nothing
          }
        </div>
        <div class="foot">
          <figcaption part="caption" aria-live="polite">
            ${view === null ? nothing : this.describe(view)}
          </figcaption>
          ${view === null || state === 'error' ? nothing : renderSaveMenu(this.#save)}
        </div>
        ${view === null ? nothing : this.renderFold?.(view)}
        <p class="save-note" part="save-note" role="status" ?hidden=${this.#saveNote === ''}>
          ${this.#saveNote}
        </p>
        ${this.#renderVersionNote()}
        ${view === null || state === 'error' ? nothing : renderTable(this.createTable(view))}
      </figure>
      <span class="theme-probe" aria-hidden="true"></span>
    `
  }

  #fetch(): void {
    const { src } = this
    const wasFetched = this.#fetching !== null
    this.#fetching?.abort()
    this.#fetching = null
    if (src === null || src === '') {
      if (wasFetched) this.#latest.follow(null)
      return
    }
    this.#fetching = new AbortController()
    this.#latest.follow(fetchExplanation(src, this.#fetching.signal))
  }

  #readView(): void {
    const { value, error, isPending } = this.#latest
    this.#error = error
    if (error !== null) return
    try {
      const view = this.read(value)
      // The old result stays, dimmed, until there is a new one.
      if (view !== null || !isPending) this.#view = view
    } catch (fault) {
      this.#error = fault
    }
  }

  #renderVersionNote(): TemplateResult | typeof nothing {
    const { writer = version } = this.#latest.value ?? {}
    if (writer === version) return nothing
    return html`<p class="version-note" part="version-note">
      This explanation is from gradlens ${writer}; the elements of this page are from gradlens
      ${version}. Update the older one.
    </p>`
  }

  #shown(): View {
    if (this.#view !== null && this.#error === null) return this.#view
    throw new InvalidArgumentError(
      'explanation',
      this.#error === null ? 'none' : 'one that cannot be shown',
      'one that is shown; set an explanation and await updateComplete before you save it',
    )
  }

  /** The picture with its sentence below. */
  #addCaption(theme: Theme): Picture {
    const view = this.#shown()
    const { width, height, marks } = this.drawPicture(view, theme)
    const margin = 16
    const lineHeight = 22
    const lines = wrapText(this.describe(view), width)
    return {
      width: width + 2 * margin,
      height: height + 2 * margin + 8 + lines.length * lineHeight,
      marks: [
        ...marks.map((mark) => ({ ...mark, x: mark.x + margin, y: mark.y + margin })),
        ...lines.map((text, i) => ({
          kind: 'text' as const,
          x: margin,
          y: margin + height + 8 + bodySize + i * lineHeight,
          text,
          fill: theme.ink,
        })),
      ],
    }
  }

  #showSaveNote(note: string): void {
    this.#saveNote = note
    this.requestUpdate()
  }

  readonly #save = (format: SavedFormat): void => {
    const types = { png: 'image/png', svg: 'image/svg+xml', csv: 'text/csv' } as const
    this.toBlob(types[format]).then(
      (file) => {
        const permission = checkDownloads(window)
        if (permission !== 'blocked') download(file, `${this.fileName}.${format}`)
        this.#showSaveNote(describeDownload(permission))
      },
      (error: unknown) => {
        this.#showSaveNote(describeError(error))
      },
    )
  }
}

function describeError(error: unknown): string {
  return error instanceof Error && error.message !== '' ? error.message : String(error)
}

declare global {
  interface HTMLElementEventMap {
    'gl-state-change': CustomEvent<StateChange>
  }
}

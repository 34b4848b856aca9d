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
import {
  readExplanation,
  type ExplanationSource,
  type GivenExplanation,
} from './explanation-source.js'
import { frameStyles } from './frame.styles.js'
import { Latest } from './latest.js'
import { paintPicture } from './picture/paint-picture.js'
import { bodySize, linesOf, type Picture } from './picture/picture.js'
import { svgOf } from './picture/picture-svg.js'
import { download, renderSaveMenu, type SavedFormat } from './save-menu.js'
import { csvOf, renderTable, type Table } from './table.js'
import { ThemeController, type Theme } from './color/theme.js'
import { tokens } from './tokens.js'

/** Nothing to show; waiting for it, or for what replaces it; shown; or the reason why it is not. */
export type ElementState = 'empty' | 'loading' | 'ready' | 'error'

export interface StateChange {
  readonly state: ElementState
  /** Why nothing is shown, in the state 'error'. */
  readonly error: unknown
}

/**
 * What all elements share: they take an explanation, show it with a sentence and a table, keep the old one dimmed while
 * the next is awaited, say what went wrong, follow the page's theme, and save what they show.
 *
 * `View` is what an element reads from the explanation and its own properties.
 *
 * @fires {CustomEvent<StateChange>} gl-state-change - It has become empty, waits, shows a result, or an error.
 *
 * @csspart figure - Everything.
 * @csspart caption - The sentence under the picture.
 * @csspart error - What went wrong, and what to do.
 * @csspart table - The table for screen readers.
 * @csspart save - The menu that saves what is shown.
 *
 * @cssstate empty - Nothing is there to show.
 * @cssstate loading - The next result is awaited; the old one is dimmed.
 * @cssstate ready - The result is shown.
 * @cssstate error - What was given cannot be shown.
 *
 * @cssprop --gl-font - The font family.
 * @cssprop --gl-size-body - The size of text; 15 px of 16.
 * @cssprop --gl-size-small - The size of small text; 13 px of 16.
 * @cssprop --gl-radius - The radius of corners.
 * @cssprop --gl-motion - How long things move.
 * @cssprop --gl-paper - The ground; maps have this colour at zero.
 * @cssprop --gl-ink - Text.
 * @cssprop --gl-ink-quiet - Text that stands back.
 * @cssprop --gl-rule - Thin lines.
 * @cssprop --gl-rule-strong - Thin lines that one must see.
 * @cssprop --gl-wash - The ground of tracks and of what is hovered.
 * @cssprop --gl-accent - The one accent: focus, probabilities, what is chosen.
 * @cssprop --gl-accent-wash - The ground of what is chosen.
 * @cssprop --gl-for - Bars above zero.
 * @cssprop --gl-against - Bars below zero.
 * @cssprop --gl-for-tint - The ground of words that speak for the output most; ink must be legible on it.
 * @cssprop --gl-against-tint - The ground of words that speak against it most.
 * @cssprop --gl-alarm - Errors.
 */
export abstract class GlElement<View> extends LitElement {
  static override properties: PropertyDeclarations = {
    explanation: {},
    index: { type: Number },
    loading: { type: Boolean, reflect: true },
    theme: { reflect: true },
  }

  static override styles: CSSResultGroup = [tokens, frameStyles]

  /**
   * What is shown: an Explanation; its JSON, as text or parsed, alibi's too; the promise of one; or null. Of several
   * promises the last one given counts. The attribute takes JSON text.
   */
  declare explanation: ExplanationSource | null
  /** Which example of the explanation is shown, from 0. */
  declare index: number
  /** Set while the next result is on its way, if that is not given as a promise: the old one is dimmed. */
  declare loading: boolean
  /** 'light' or 'dark', whatever the page's `color-scheme`; null: the page's. */
  declare theme: 'light' | 'dark' | null

  /** What the name of a saved file begins with. */
  protected abstract readonly fileName: string
  /** What stands where nothing is there to show. */
  protected abstract readonly emptyText: string

  readonly #theme = new ThemeController(this)
  readonly #internals = this.attachInternals()
  readonly #latest = new Latest<GivenExplanation>(readExplanation, () => {
    this.requestUpdate('explanation', undefined)
  })
  #followed: ExplanationSource | null = null
  #view: View | null = null
  #error: unknown = null
  #state: ElementState | null = null

  constructor() {
    super()
    this.explanation = null
    this.index = 0
    this.loading = false
    this.theme = null
  }

  /** What the element is doing; also its CSS state, as in `:state(loading)`. */
  get state(): ElementState {
    if (this.#latest.isPending || this.loading) return 'loading'
    if (this.#error !== null) return 'error'
    return this.#view === null ? 'empty' : 'ready'
  }

  /**
   * What is shown as a table: a line of names, then the rows, separated by commas, numbers in full.
   *
   * @throws InvalidArgumentError if nothing is shown
   */
  toCSV(): string {
    return csvOf(this.recordsOf(this.#shown()))
  }

  /**
   * What is shown as an SVG document, in the colours of the element's theme, with its sentence.
   *
   * @throws InvalidArgumentError if nothing is shown
   */
  toSVG(): string {
    const { colors } = this
    return svgOf(this.#captioned(colors), colors.paper, this.summarise(this.#shown()))
  }

  /**
   * What is shown as a file. A PNG has two pixels for each of CSS.
   *
   * @throws InvalidArgumentError if nothing is shown
   */
  async toBlob(type: 'image/png' | 'image/svg+xml' | 'text/csv' = 'image/png'): Promise<Blob> {
    if (type === 'text/csv') return new Blob([this.toCSV()], { type })
    if (type === 'image/svg+xml') return new Blob([this.toSVG()], { type })
    const { colors } = this
    const canvas = paintPicture(this.#captioned(colors), colors.paper, 2)
    return new Promise((resolve, reject) => {
      canvas.toBlob((blob) => {
        if (blob !== null) resolve(blob)
        else reject(new Error('The picture is larger than this browser can write as PNG.'))
      }, type)
    })
  }

  /** The colours that CSS gives it now. */
  protected get colors(): Theme {
    return this.#theme.read()
  }

  /** What is shown now, the old result while the next is awaited. */
  protected get view(): View | null {
    return this.#view
  }

  /**
   * What is to be shown; null: nothing is given.
   *
   * @param explanation null if there is none
   * @throws an error that says what is wrong with what was given
   */
  protected abstract read(explanation: GivenExplanation | null): View | null
  /** The picture. */
  protected abstract renderView(view: View): TemplateResult
  /** One sentence, or two, made from the data. */
  protected abstract summarise(view: View): string
  /** What a screen reader is told, beside the sentence. */
  protected abstract tableOf(view: View): Table
  /** The picture to be saved. */
  protected abstract pictureOf(view: View, theme: Theme): Picture

  /** What a CSV file holds. */
  protected recordsOf(view: View): Table {
    return this.tableOf(view)
  }

  /** What stands in the place before there is anything to show. */
  protected renderNothing(): TemplateResult {
    const text = this.state === 'loading' ? 'Waiting for the result …' : this.emptyText
    return html`<p class="notice">${text}</p>`
  }

  protected override willUpdate(changed: PropertyValues): void {
    // A promise that has settled asks for an update as well, but the property is the same.
    if (changed.has('explanation') && this.explanation !== this.#followed) {
      this.#followed = this.explanation
      this.#latest.follow(this.explanation)
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
              ? html`<p class="error" part="error" role="alert">${messageOf(this.#error)}</p>`
              : nothing
          }
        </div>
        <div class="foot">
          <figcaption part="caption" aria-live="polite">
            ${view === null ? nothing : this.summarise(view)}
          </figcaption>
          ${view === null || state === 'error' ? nothing : renderSaveMenu(this.#save)}
        </div>
        ${view === null || state === 'error' ? nothing : renderTable(this.tableOf(view))}
      </figure>
      <span class="theme-probe" aria-hidden="true"></span>
    `
  }

  #readView(): void {
    const { value, error, isPending } = this.#latest
    this.#error = error
    if (error !== null) return
    try {
      const view = this.read(value)
      // What was shown stays, dimmed, until something else is there.
      if (view !== null || !isPending) this.#view = view
    } catch (fault) {
      this.#error = fault
    }
  }

  #shown(): View {
    if (this.#view !== null && this.#error === null) return this.#view
    throw new InvalidArgumentError(
      'explanation',
      this.#error === null ? 'nothing' : 'what cannot be shown',
      `an explanation before <${this.localName}> is saved, and its updateComplete awaited`,
    )
  }

  /** With its sentence below. */
  #captioned(theme: Theme): Picture {
    const view = this.#shown()
    const { width, height, marks } = this.pictureOf(view, theme)
    const margin = 16
    const lineHeight = 22
    const lines = linesOf(this.summarise(view), width)
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

  readonly #save = (format: SavedFormat): void => {
    const types = { png: 'image/png', svg: 'image/svg+xml', csv: 'text/csv' } as const
    void this.toBlob(types[format]).then((file) => {
      download(file, `${this.fileName}.${format}`)
    })
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error && error.message !== '' ? error.message : String(error)
}

declare global {
  interface HTMLElementEventMap {
    'gl-state-change': CustomEvent<StateChange>
  }
}

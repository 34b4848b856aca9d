import {
  html,
  nothing,
  type CSSResultGroup,
  type PropertyDeclarations,
  type TemplateResult,
} from 'lit'
import { readChoice } from '../../options.js'
import { signs, type Sign } from '../base/attributions.js'
import { palettes, type Palette } from '../base/color/diverging-colors.js'
import { GlElement } from '../base/element.js'
import type { GivenExplanation } from '../base/explanation-source.js'
import { namesConverter } from '../base/names.js'
import type { Picture } from '../base/picture/picture.js'
import { moveFocus } from '../base/roving.js'
import type { Table } from '../base/table.js'
import type { Theme } from '../base/color/theme.js'
import { createSignedFormat } from '../text/format.js'
import { attributionTextStyles } from './attribution-text.styles.js'
import { drawText } from './draw-text.js'
import { describeText } from './sentence.js'
import {
  createTokenAttributions,
  type TokenAttribution,
  type TokenAttributions,
} from './token-attributions.js'

/**
 * The words that count for an output of the model, and those that count against it, as a coloured
 * text. The word under the pointer or in focus shows its value.
 *
 * @tagname gl-attribution-text
 *
 * @fires {CustomEvent<TokenAttribution | null>} gl-token-focus - The word whose value is shown
 * changed; null: none.
 *
 * @csspart text - The text.
 * @csspart token - A word.
 * @csspart readout - The value of the word under the pointer or in focus.
 * @csspart legend - The meaning of the signs.
 *
 * @cssprop [--gl-text-size=1.125rem] - The font size of the text.
 */
export class GlAttributionText extends GlElement<TokenAttributions> {
  static override properties: PropertyDeclarations = {
    tokens: { converter: namesConverter },
    separator: {},
    sign: { reflect: true },
    palette: { reflect: true },
    clip: { type: Number },
    input: { type: Number },
    labels: { converter: namesConverter },
  }

  static override styles: CSSResultGroup = [GlElement.styles, attributionTextStyles]

  /**
   * The text's tokens, one per position, '' for padding. Default: the token ids in the
   * explanation's x. In an attribute: separated by commas, or as JSON.
   */
  declare tokens: readonly string[] | null
  /** The text between tokens. Default: a space. Use '' for tokens that contain their spaces. */
  declare separator: string
  /** Which values are shown: 'all' (default), 'positive' or 'negative'. */
  declare sign: Sign
  /**
   * The colours: 'PuOr' (default), purple for and orange against; or 'RdBu', blue for and red
   * against.
   */
  declare palette: Palette
  /**
   * The percentile of the magnitudes that gets the strongest colour. Default 100, the greatest
   * magnitude.
   */
  declare clip: number
  /** The index of the attributed input or layer, if there are several. */
  declare input: number
  /**
   * The names of the outputs. Default: their indices. In an attribute: separated by commas, or as
   * JSON.
   */
  declare labels: readonly string[]

  protected override readonly fileName: string = 'attribution'
  protected override readonly emptyText: string = 'No attribution yet.'
  #focused: number | null = null

  constructor() {
    super()
    this.tokens = null
    this.separator = ' '
    this.sign = 'all'
    this.palette = 'PuOr'
    this.clip = 100
    this.input = 0
    this.labels = []
  }

  protected override read(explanation: GivenExplanation | null): TokenAttributions | null {
    readChoice('palette', this.palette, palettes)
    readChoice('sign', this.sign, signs)
    return explanation === null ? null : createTokenAttributions(explanation, this)
  }

  protected override renderView(view: TokenAttributions): TemplateResult {
    const shown = view.tokens.filter(({ token }) => token !== '')
    const format = createSignedFormat(shown.map(({ value }) => value))
    const stop = shown.some(({ index }) => index === this.#focused)
      ? this.#focused
      : shown[0]?.index
    const name = view.target ?? 'a higher output'
    return html`
      <div
        class="text"
        part="text"
        role="listbox"
        aria-label="The words and their attributions"
        aria-orientation="horizontal"
        @keydown=${moveFocus}
        @pointerleave=${this.#clearReadout}
        @focusout=${this.#clearReadout}
      >
        ${shown.map((each, i) => [
          i === 0 ? nothing : this.separator,
          this.#renderToken(each, each.index === stop, format),
        ])}
      </div>
      <div class="below">
        <p class="legend" part="legend">
          <span class="token" aria-hidden="true">word</span>for ${name}
        </p>
        ${
          this.sign === 'positive'
            ? nothing
            : html`<p class="legend">
                <span class="token against" aria-hidden="true">word</span>against ${name}
              </p>`
        }
        <p class="readout" part="readout"><output>${this.#renderReadout(view, format)}</output></p>
      </div>
    `
  }

  /** The plain text, until the attributions arrive. */
  protected override renderNothing(): TemplateResult {
    const { tokens } = this
    if (tokens === null || tokens.length === 0 || this.state === 'error') {
      return super.renderNothing()
    }
    const shown = tokens.filter((token) => token !== '')
    return html`
      <p class="text" part="text">
        ${shown.map((token, i) => [
          i === 0 ? nothing : this.separator,
          html`<span class="token" part="token">${token}</span>`,
        ])}
      </p>
    `
  }

  protected override describe(view: TokenAttributions): string {
    return describeText(view, this.sign)
  }

  protected override createTable({ tokens }: TokenAttributions): Table {
    return {
      caption: 'The attribution of each word',
      columns: ['word', 'attribution'],
      rows: tokens.filter(({ token }) => token !== '').map(({ token, value }) => [token, value]),
    }
  }

  protected override createRecords({ tokens }: TokenAttributions): Table {
    return {
      caption: '',
      columns: ['position', 'token', 'attribution'],
      rows: tokens.map(({ index, token, value }) => [index, token, value]),
    }
  }

  protected override drawPicture({ tokens }: TokenAttributions, theme: Theme): Picture {
    return drawText(tokens, this.separator, theme)
  }

  #renderToken(
    each: TokenAttribution,
    isStop: boolean,
    format: (value: number) => string,
  ): TemplateResult {
    const { index, token, value, share } = each
    const read = (): void => {
      this.#showReadout(each)
    }
    return html`<span
      class=${share < 0 ? 'token against' : 'token'}
      part="token"
      role="option"
      data-stop
      tabindex=${isStop ? 0 : -1}
      aria-selected=${index === this.#focused ? 'true' : 'false'}
      aria-label="${token}: ${format(value)}"
      data-value=${format(value)}
      .style=${`--_share: ${Math.abs(share).toFixed(3)}`}
      @focus=${read}
      @pointerenter=${read}
      >${token}</span
    >`
  }

  #renderReadout(
    { tokens }: TokenAttributions,
    format: (value: number) => string,
  ): TemplateResult | typeof nothing {
    const focused = this.#focused === null ? undefined : tokens[this.#focused]
    if (focused === undefined) return html`Point at a word to see its value.`
    return html`<strong>${format(focused.value)}</strong> ${focused.token}`
  }

  #showReadout(token: TokenAttribution | null): void {
    if ((token?.index ?? null) === this.#focused) return
    this.#focused = token?.index ?? null
    this.dispatchEvent(
      new CustomEvent('gl-token-focus', { detail: token, bubbles: true, composed: true }),
    )
    this.requestUpdate()
  }

  readonly #clearReadout = ({ relatedTarget }: MouseEvent | FocusEvent): void => {
    const isOnWord = relatedTarget instanceof Element && relatedTarget.matches('[data-stop]')
    if (!isOnWord) this.#showReadout(null)
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'gl-attribution-text': GlAttributionText
  }
  interface HTMLElementEventMap {
    'gl-token-focus': CustomEvent<TokenAttribution | null>
  }
}

import {
  html,
  nothing,
  type CSSResultGroup,
  type PropertyDeclarations,
  type TemplateResult,
} from 'lit'
import { fromNestedNumbers, type NdArray, type NestedNumbers } from '../../ndarray.js'
import { readChoice } from '../../options.js'
import { signs, type Sign } from '../base/attributions.js'
import {
  createColorBar,
  createTicks,
  renderColorBar,
  type ColorBar,
} from '../base/color/color-bar.js'
import { colorBarStyles } from '../base/color/color-bar.styles.js'
import { divergingColors, palettes, type Palette } from '../base/color/diverging-colors.js'
import { GlElement } from '../base/element.js'
import { isNdArray, type GivenExplanation } from '../base/explanation-source.js'
import { namesConverter } from '../base/names.js'
import type { Channels } from '../base/picture/channels.js'
import { paintRaster } from '../base/picture/paint-picture.js'
import type { Picture } from '../base/picture/picture.js'
import type { Table } from '../base/table.js'
import type { Theme } from '../base/color/theme.js'
import { createSignedFormat } from '../text/format.js'
import { attributionImageStyles } from './attribution-image.styles.js'
import { drawMap } from './draw-map.js'
import { layouts, createPanels, type Layout, type Panel } from './layers.js'
import { movePixel, findPixel, type Pixel, type PixelReadout } from './map-cursor.js'
import { sumRegions } from './regions.js'
import { describeMap } from './sentence.js'
import { createSignedMap, type SignedMap } from './signed-map.js'

/** Images and maps up to this width keep sharp pixels. Wider ones are smoothed like photographs. */
const pixelatedWidth = 128

const layoutNames: Readonly<Record<Layout, string>> = {
  'side-by-side': 'side by side',
  overlay: 'over the image',
  masked: 'only what counts',
  map: 'only the map',
}
const signNames: Readonly<Record<Sign, string>> = {
  all: 'for and against',
  positive: 'only for',
  negative: 'only against',
}

/**
 * The pixels that count for an output of the model, and those that count against it: a signed map,
 * symmetric about zero, next to or over the image. The pointer or the arrow keys show the values of
 * single pixels. Attributions of a layer may have fewer cells than the image has pixels: each is drawn
 * over its part of the image.
 *
 * @tagname gl-attribution-image
 *
 * @fires {CustomEvent<PixelReadout | null>} gl-pixel-focus - The pixel whose value is shown
 * changed; null: none.
 *
 * @csspart panel - The image or the map.
 * @csspart color-bar - The meaning of the colours.
 * @csspart readout - The value of the pixel under the pointer or the cursor.
 * @csspart controls - The choice of layout and sign; only with `controls`.
 *
 * @cssprop [--gl-picture-size=252px] - The longer side of the image. It shrinks if there is less
 * room.
 */
export class GlAttributionImage extends GlElement<SignedMap> {
  static override properties: PropertyDeclarations = {
    layout: { reflect: true },
    sign: { reflect: true },
    palette: { reflect: true },
    clip: { type: Number },
    input: { type: Number },
    image: { attribute: false },
    channels: {},
    ink: { type: Boolean, reflect: true },
    labels: { converter: namesConverter },
    controls: { type: Boolean, reflect: true },
  }

  static override styles: CSSResultGroup = [
    GlElement.styles,
    colorBarStyles,
    attributionImageStyles,
  ]

  /**
   * The layout of map and image: 'side-by-side' (default), 'overlay', 'masked', or only the 'map'.
   */
  declare layout: Layout
  /** Which values are shown: 'all' (default), 'positive' or 'negative'. */
  declare sign: Sign
  /**
   * The colours: 'PuOr' (default), purple for and orange against; or 'RdBu', blue for and red
   * against.
   */
  declare palette: Palette
  /**
   * The percentile of the magnitudes that gets the strongest colour. Default 99; 100 is the
   * greatest magnitude.
   */
  declare clip: number
  /** The index of the attributed input or layer, if there are several. */
  declare input: number
  /**
   * The image [height, width] or [height, width, channels], whatever `channels` is. Default: the
   * explanation's x.
   */
  declare image: NdArray | NestedNumbers | null
  /**
   * The axis of the channels in the explanation: 'last' for [height, width, channels], 'first' for [channels, height,
   * width]. Default: the explanation's, or 'last'.
   */
  declare channels: Channels | null
  /** Draws an image of one channel in the theme's colours, as ink on paper: 0 is paper. */
  declare ink: boolean
  /**
   * The names of the outputs. Default: their indices. In an attribute: separated by commas, or as
   * JSON.
   */
  declare labels: readonly string[]
  /** Shows controls for layout and sign, folded. */
  declare controls: boolean

  protected override readonly fileName: string = 'attribution'
  protected override readonly emptyText: string = 'No attribution yet.'
  #cursor: Pixel | null = null
  #painted: { readonly view: SignedMap; readonly key: string } | null = null

  constructor() {
    super()
    this.layout = 'side-by-side'
    this.sign = 'all'
    this.palette = 'PuOr'
    this.clip = 99
    this.input = 0
    this.image = null
    this.channels = null
    this.ink = false
    this.labels = []
    this.controls = false
  }

  protected override read(explanation: GivenExplanation | null): SignedMap | null {
    readChoice('layout', this.layout, layouts)
    readChoice('palette', this.palette, palettes)
    const sign = readChoice('sign', this.sign, signs)
    if (explanation === null) return null
    const { index, input, labels, clip, image, channels } = this
    return createSignedMap(explanation, {
      index,
      input,
      labels,
      clip,
      sign,
      channels,
      image: image === null || isNdArray(image) ? image : fromNestedNumbers('image', image),
    })
  }

  protected override renderView(view: SignedMap): TemplateResult {
    const panelCount = view.image !== null && this.layout === 'side-by-side' ? 2 : 1
    const layerCount = view.image !== null && ['overlay', 'masked'].includes(this.layout) ? 2 : 1
    const canvas = html`<canvas aria-hidden="true"></canvas>`
    const layers = Array.from({ length: layerCount }, () => canvas)
    return html`
      <div
        class="area"
        data-panels=${panelCount}
        .style=${`--_aspect: ${view.aspect}`}
        @pointermove=${this.#onPointer}
        @pointerdown=${this.#onPointer}
        @pointerleave=${this.#onLeave}
      >
        ${
          panelCount === 2
            ? html`<div class="panel picture" part="panel">
                ${canvas}${this.#renderCursor(view)}
              </div>`
            : nothing
        }
        <div
          class="panel picture"
          part="panel"
          tabindex="0"
          role="application"
          aria-roledescription="attribution map"
          aria-label="Map of ${view.height} by ${view.width} ${view.unit}s. The arrow keys move over it."
          @keydown=${this.#onKey}
          @blur=${this.#onLeave}
        >
          ${layers}${this.#renderCursor(view)}
        </div>
        <div class="color-bar" part="color-bar" aria-hidden="true">
          ${renderColorBar(createTicks(view, this.sign))}
        </div>
        <div class="readout" part="readout">
          <output>${this.#renderReadout(view)}</output>
        </div>
      </div>
    `
  }

  protected override renderFold(): TemplateResult | typeof nothing {
    if (!this.controls) return nothing
    return html`<details class="fold">
      <summary>Layout and values</summary>
      ${this.#renderControls()}
    </details>`
  }

  protected override renderNothing(): TemplateResult {
    if (this.state === 'error') return html``
    return html`<div class="nothing">${super.renderNothing()}</div>`
  }

  protected override describe(view: SignedMap): string {
    return describeMap(view, this.sign)
  }

  protected override createTable({ values, width, height, target }: SignedMap): Table {
    const name = target ?? 'a higher output'
    return {
      caption: 'The sums of the attributions in each ninth of the image',
      columns: ['place', `for ${name}`, `against ${name}`],
      rows: sumRegions(values, width, height).map((region) => [
        region.name,
        region.forIt,
        -region.againstIt,
      ]),
    }
  }

  protected override createRecords({ values, width }: SignedMap): Table {
    return {
      caption: '',
      columns: ['row', 'column', 'attribution'],
      rows: Array.from(values, (value, at) => [Math.floor(at / width), at % width, value]),
    }
  }

  protected override drawPicture(view: SignedMap, theme: Theme): Picture {
    return drawMap(
      this.#createPanels(view, theme),
      this.#createColorBar(view, theme),
      view.aspect,
      theme,
    )
  }

  protected override updated(): void {
    super.updated()
    const { view } = this
    if (view === null) return
    // Reading the colours makes the browser compute the styles of the page.
    const theme = this.colors
    const key = JSON.stringify([theme, this.layout, this.palette, this.ink])
    if (this.#painted?.view === view && this.#painted.key === key) return
    const layers = this.#createPanels(view, theme).flat()
    const canvases = this.renderRoot.querySelectorAll<HTMLCanvasElement>('.panel canvas')
    canvases.forEach((canvas, i) => {
      const layer = layers[i]
      if (layer === undefined) return
      paintRaster(canvas, layer)
      canvas.toggleAttribute('data-pixelated', layer.width <= pixelatedWidth)
    })
    const ramp = this.renderRoot.querySelector<HTMLCanvasElement>('[data-ramp]')
    if (ramp !== null) paintRaster(ramp, this.#createColorBar(view, theme).ramp)
    this.#painted = { view, key }
  }

  #renderCursor({ width, height }: SignedMap): TemplateResult | typeof nothing {
    const { row = height, column = width } = this.#cursor ?? {}
    if (row >= height || column >= width) return nothing
    const percent = (share: number): string => `${100 * share}%`
    const place = [
      `inset-block-start: ${percent(row / height)}`,
      `inset-inline-start: ${percent(column / width)}`,
      `block-size: ${percent(1 / height)}`,
      `inline-size: ${percent(1 / width)}`,
    ]
    return html`<span class="cursor" .style=${place.join(';')}></span>`
  }

  #renderReadout({ values, width, unit }: SignedMap): TemplateResult {
    const { row = 0, column = width } = this.#cursor ?? {}
    const value = column < width ? values[row * width + column] : undefined
    if (value === undefined) return html`Point at a ${unit} to see its value.`
    const format = createSignedFormat([value])
    return html`
      <strong>${format(value)}</strong><br />
      row ${row + 1}, column ${column + 1}
    `
  }

  #renderControls(): TemplateResult {
    const choice = <Choice extends string>(
      label: string,
      names: Readonly<Record<Choice, string>>,
      chosen: Choice,
      choose: (choice: Choice) => void,
    ): TemplateResult => {
      const choices = Object.keys(names) as Choice[]
      return html`
        <label
          >${label}
          <select
            @change=${({ currentTarget }: Event) => {
              const { selectedIndex } = currentTarget as HTMLSelectElement
              const next = choices[selectedIndex]
              if (next !== undefined) choose(next)
            }}
          >
            ${choices.map(
              (each, i) => html`
                <option value=${each} .selected=${each === chosen}>
                  ${names[each]}${i === 0 ? ' (default)' : ''}
                </option>
              `,
            )}
          </select>
        </label>
      `
    }
    return html`
      <div class="controls" part="controls">
        ${choice('Layout', layoutNames, this.layout, (layout) => {
          this.layout = layout
        })}
        ${choice('Values', signNames, this.sign, (sign) => {
          this.sign = sign
        })}
      </div>
    `
  }

  #createPanels(view: SignedMap, theme: Theme): Panel[] {
    const colorOf = divergingColors(this.palette, theme)
    return createPanels(view, { layout: this.layout, theme, colorOf, ink: this.ink })
  }

  #createColorBar(view: SignedMap, theme: Theme): ColorBar {
    const colorOf = divergingColors(this.palette, theme)
    const layout = view.image === null ? 'map' : this.layout
    return createColorBar(view, { sign: this.sign, isMasked: layout === 'masked', colorOf, theme })
  }

  #moveTo(cursor: Pixel | null): void {
    if (cursor?.row === this.#cursor?.row && cursor?.column === this.#cursor?.column) return
    this.#cursor = cursor
    const { view } = this
    const detail: PixelReadout | null =
      cursor === null || view === null
        ? null
        : { ...cursor, value: view.values[cursor.row * view.width + cursor.column] ?? 0 }
    this.dispatchEvent(new CustomEvent('gl-pixel-focus', { detail, bubbles: true, composed: true }))
    this.requestUpdate()
  }

  readonly #onPointer = (event: PointerEvent): void => {
    const panel = event.composedPath().find(isPanel)
    if (panel === undefined || this.view === null) return
    this.#moveTo(findPixel(event, panel.getBoundingClientRect(), this.view))
  }

  readonly #onLeave = (): void => {
    this.#moveTo(null)
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    const { view } = this
    if (view === null) return
    const middle = { row: Math.floor(view.height / 2), column: Math.floor(view.width / 2) }
    const next = movePixel(event, this.#cursor ?? middle, view)
    if (next === null) return
    event.preventDefault()
    this.#moveTo(next)
  }
}

function isPanel(target: EventTarget): target is HTMLElement {
  return target instanceof HTMLElement && target.classList.contains('panel')
}

declare global {
  interface HTMLElementTagNameMap {
    'gl-attribution-image': GlAttributionImage
  }
  interface HTMLElementEventMap {
    'gl-pixel-focus': CustomEvent<PixelReadout | null>
  }
}

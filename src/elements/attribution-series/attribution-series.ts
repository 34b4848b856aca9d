import {
  html,
  nothing,
  svg,
  type CSSResultGroup,
  type PropertyDeclarations,
  type SVGTemplateResult,
  type TemplateResult,
} from 'lit'
import { readChoice } from '../../options.js'
import {
  createColorBar,
  createTicks,
  renderColorBar,
  type ColorBar,
} from '../base/color/color-bar.js'
import { colorBarStyles } from '../base/color/color-bar.styles.js'
import { divergingColors, type Palette, palettes } from '../base/color/diverging-colors.js'
import type { Theme } from '../base/color/theme.js'
import { GlElement } from '../base/element.js'
import type { GivenExplanation } from '../base/explanation-source.js'
import { namesConverter } from '../base/names.js'
import type { Channels } from '../base/picture/channels.js'
import { paintRaster } from '../base/picture/paint-picture.js'
import type { Picture } from '../base/picture/picture.js'
import type { Table } from '../base/table.js'
import { createSignedFormat, formatValue } from '../text/format.js'
import { attributionSeriesStyles } from './attribution-series.styles.js'
import { drawSeries, paintStrip, traceFeature } from './draw-series.js'
import { describeSeries, findStep } from './sentence.js'
import {
  createSeriesAttributions,
  type FeatureSeries,
  selectFeatures,
  type SeriesAttributions,
} from './series-attributions.js'
import { moveStep, type SeriesPoint, type StepReadout } from './step-cursor.js'

/** Up to this number of steps, each has a sharp edge. */
const pixelatedSteps = 256

/**
 * The time steps of a series that count for an output of the model, and those that count against
 * it: a strip of colours for each feature, with the line of its values. The pointer or the arrow
 * keys show single steps.
 *
 * @tagname gl-attribution-series
 *
 * @fires {CustomEvent<StepReadout | null>} gl-step-focus - The step whose value is shown changed;
 *   null: none.
 *
 * @csspart row - A feature with its name and strip.
 * @csspart strip - The strip of a feature.
 * @csspart color-bar - The meaning of the colours.
 * @csspart readout - The value of the step under the pointer or the cursor.
 */
export class GlAttributionSeries extends GlElement<SeriesAttributions> {
  static override properties: PropertyDeclarations = {
    features: { converter: namesConverter },
    times: { converter: namesConverter },
    top: { type: Number },
    palette: { reflect: true },
    clip: { type: Number },
    input: { type: Number },
    channels: {},
    labels: { converter: namesConverter },
  }

  static override styles: CSSResultGroup = [
    GlElement.styles,
    colorBarStyles,
    attributionSeriesStyles,
  ]

  /**
   * The names of the features, with their units. In an attribute: separated by commas, or as JSON.
   */
  declare features: readonly string[]
  /** The names of the time steps, for example dates. In an attribute like `features`. */
  declare times: readonly string[]
  /** The number of features to show, those of the greatest attributions. Default: all. */
  declare top: number | null
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
   * The axis of the features: 'last' for [time, features], 'first' for [features, time]. Default:
   * the explanation's, or 'last'.
   */
  declare channels: Channels | null
  /**
   * The names of the outputs. Default: their indices. In an attribute: separated by commas, or as
   * JSON.
   */
  declare labels: readonly string[]

  protected override readonly fileName: string = 'attribution'
  protected override readonly emptyText: string = 'No attribution yet.'
  #cursor: SeriesPoint | null = null
  #painted: { readonly view: SeriesAttributions; readonly key: string } | null = null

  constructor() {
    super()
    this.features = []
    this.times = []
    this.top = null
    this.palette = 'PuOr'
    this.clip = 100
    this.input = 0
    this.channels = null
    this.labels = []
  }

  protected override read(explanation: GivenExplanation | null): SeriesAttributions | null {
    readChoice('palette', this.palette, palettes)
    return explanation === null ? null : createSeriesAttributions(explanation, this)
  }

  protected override renderView(view: SeriesAttributions): TemplateResult {
    const shown = selectFeatures(view, this.top)
    const isPixelated = view.times.length <= pixelatedSteps
    return html`
      <div class="series">
        <div
          tabindex="0"
          role="application"
          aria-roledescription="attributions over time"
          aria-label="${shown.length} features over ${view.times.length} time steps. The arrow keys
move over them."
          @keydown=${this.#onKey}
          @blur=${this.#onLeave}
        >
          <ol class="rows" aria-hidden="true">
            ${shown.map(
              (feature, row) => html`
                <li part="row">
                  <span class="name">${feature.name}</span>
                  <div
                    class="strip"
                    part="strip"
                    @pointermove=${(event: PointerEvent) => {
                      this.#point(event, row)
                    }}
                    @pointerdown=${(event: PointerEvent) => {
                      this.#point(event, row)
                    }}
                    @pointerleave=${this.#onLeave}
                  >
                    <canvas class="picture" ?data-pixelated=${isPixelated}></canvas>
                    ${renderLine(feature)}${this.#renderCursor(view, row)}
                  </div>
                </li>
              `,
            )}
          </ol>
        </div>
        <div class="legend">
          <div class="color-bar" part="color-bar" aria-hidden="true">
            ${renderColorBar(createTicks(view, 'all'))}
          </div>
          <div class="readout" part="readout">
            <output>${this.#renderReadout(view, shown)}</output>
          </div>
        </div>
      </div>
    `
  }

  protected override describe(view: SeriesAttributions): string {
    return describeSeries(view)
  }

  protected override createTable(view: SeriesAttributions): Table {
    const name = view.target ?? 'a higher output'
    return {
      caption: 'The sums of the attributions of each feature, and the strongest time steps',
      columns: ['feature', `for ${name}`, 'strongest at', `against ${name}`, 'strongest at'],
      rows: selectFeatures(view, this.top).map(({ name, forIt, againstIt, attributions }) => [
        name,
        forIt,
        forIt > 0 ? (view.times[findStep(attributions, 1)] ?? '') : '',
        -againstIt,
        againstIt > 0 ? (view.times[findStep(attributions, -1)] ?? '') : '',
      ]),
    }
  }

  protected override createRecords(view: SeriesAttributions): Table {
    return {
      caption: '',
      columns: ['feature', 'time', 'value', 'attribution'],
      rows: selectFeatures(view, this.top).flatMap(({ name, attributions, values }) =>
        Array.from(attributions, (attribution, step) => [
          name,
          view.times[step] ?? '',
          values?.[step] ?? '',
          attribution,
        ]),
      ),
    }
  }

  protected override drawPicture(view: SeriesAttributions, theme: Theme): Picture {
    const colorBar = this.#createColorBar(view, theme)
    const colorOf = divergingColors(this.palette, theme)
    return drawSeries(view, selectFeatures(view, this.top), { colorBar, colorOf, theme })
  }

  protected override updated(): void {
    super.updated()
    const { view } = this
    if (view === null) return
    const theme = this.colors
    const key = JSON.stringify([theme, this.palette, this.top])
    if (this.#painted?.view === view && this.#painted.key === key) return
    const colorOf = divergingColors(this.palette, theme)
    const canvases = this.renderRoot.querySelectorAll<HTMLCanvasElement>('.strip canvas')
    selectFeatures(view, this.top).forEach((feature, row) => {
      const canvas = canvases[row]
      if (canvas !== undefined) paintRaster(canvas, paintStrip(feature, view.limit, colorOf))
    })
    const ramp = this.renderRoot.querySelector<HTMLCanvasElement>('[data-ramp]')
    if (ramp !== null) paintRaster(ramp, this.#createColorBar(view, theme).ramp)
    this.#painted = { view, key }
  }

  #createColorBar(view: SeriesAttributions, theme: Theme): ColorBar {
    const colorOf = divergingColors(this.palette, theme)
    return createColorBar(view, { sign: 'all', isMasked: false, colorOf, theme })
  }

  #renderCursor({ times }: SeriesAttributions, row: number): TemplateResult | typeof nothing {
    const cursor = this.#cursor
    if (cursor?.row !== row || cursor.step >= times.length) return nothing
    const place = [
      `inset-inline-start: ${(100 * cursor.step) / times.length}%`,
      `inline-size: ${100 / times.length}%`,
    ]
    return html`<span class="cursor" .style=${place.join(';')}></span>`
  }

  #renderReadout(view: SeriesAttributions, shown: readonly FeatureSeries[]): TemplateResult {
    const { row = -1, step = 0 } = this.#cursor ?? {}
    const feature = shown[row]
    const attribution = feature?.attributions[step]
    if (feature === undefined || attribution === undefined) {
      return html`Point at a time step to see its value.`
    }
    const format = createSignedFormat([attribution])
    const value = feature.values?.[step]
    return html`
      <strong>${format(attribution)}</strong><br />
      ${feature.name},
      ${view.times[step]}${value === undefined ? nothing : html`: ${formatValue(value)}`}
    `
  }

  #moveTo(cursor: SeriesPoint | null): void {
    if (cursor?.row === this.#cursor?.row && cursor?.step === this.#cursor?.step) return
    this.#cursor = cursor
    const { view } = this
    const feature =
      view === null || cursor === null ? undefined : selectFeatures(view, this.top)[cursor.row]
    const detail: StepReadout | null =
      cursor === null || feature === undefined
        ? null
        : {
            step: cursor.step,
            feature: feature.index,
            name: feature.name,
            value: feature.attributions[cursor.step] ?? 0,
          }
    this.dispatchEvent(new CustomEvent('gl-step-focus', { detail, bubbles: true, composed: true }))
    this.requestUpdate()
  }

  #point({ clientX, currentTarget }: PointerEvent, row: number): void {
    const { view } = this
    if (view === null || !(currentTarget instanceof HTMLElement)) return
    const { left, width } = currentTarget.getBoundingClientRect()
    const count = view.times.length
    const step = Math.floor(((clientX - left) / width) * count)
    this.#moveTo({ row, step: Math.max(0, Math.min(count - 1, step)) })
  }

  readonly #onLeave = (): void => {
    this.#moveTo(null)
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    const { view } = this
    if (view === null) return
    const rowCount = selectFeatures(view, this.top).length
    const next = moveStep(event, this.#cursor, { rowCount, stepCount: view.times.length })
    if (next === null) return
    event.preventDefault()
    this.#moveTo(next)
  }
}

/** The values as a line, with a halo that keeps it visible. */
function renderLine(feature: FeatureSeries): TemplateResult | typeof nothing {
  const runs = traceFeature(feature)
  if (runs.length === 0) return nothing
  const lines = (name: string): SVGTemplateResult[] =>
    runs.map((run) => svg`<polyline class=${name} points=${run.flat().join(' ')}></polyline>`)
  return html`<svg viewBox="0 0 1 1" preserveAspectRatio="none">
    ${lines('halo')}${lines('line')}
  </svg>`
}

declare global {
  interface HTMLElementTagNameMap {
    'gl-attribution-series': GlAttributionSeries
  }
  interface HTMLElementEventMap {
    'gl-step-focus': CustomEvent<StepReadout | null>
  }
}

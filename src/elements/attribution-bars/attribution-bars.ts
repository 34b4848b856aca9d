import { html, type CSSResultGroup, type PropertyDeclarations, type TemplateResult } from 'lit'
import { readChoice } from '../../options.js'
import { type Palette, palettes } from '../base/color/diverging-colors.js'
import { GlElement } from '../base/element.js'
import type { GivenExplanation } from '../base/explanation-source.js'
import { namesConverter } from '../base/names.js'
import type { Picture } from '../base/picture/picture.js'
import { renderSignedBar } from '../base/color/signed-bar.js'
import { signedBarStyles } from '../base/color/signed-bar.styles.js'
import { scaleOf, type SignedScale } from '../base/color/signed-scale.js'
import type { Table } from '../base/table.js'
import type { Theme } from '../base/color/theme.js'
import { formatValue, createSignedFormat } from '../text/format.js'
import { attributionBarsStyles } from './attribution-bars.styles.js'
import { drawFeatures } from './draw-features.js'
import {
  sortByMagnitude,
  createFeatureAttributions,
  type FeatureAttribution,
  type FeatureAttributions,
} from './feature-attributions.js'
import { describeFeatures } from './sentence.js'

/** The order of the bars. */
export type FeatureOrder = 'magnitude' | 'given'

const orders: readonly FeatureOrder[] = ['magnitude', 'given']

/**
 * The features of a row that count for an output of the model, and those that count against it, as
 * bars on one scale with a marked zero. The greatest come first.
 *
 * @tagname gl-attribution-bars
 *
 * @csspart row - A feature with its name, value, bar and attribution.
 * @csspart bar - The bar of a feature.
 * @csspart legend - The meaning of the signs.
 */
export class GlAttributionBars extends GlElement<FeatureAttributions> {
  static override properties: PropertyDeclarations = {
    features: { converter: namesConverter },
    values: { attribute: false },
    order: { reflect: true },
    top: { type: Number },
    palette: { reflect: true },
    input: { type: Number },
    labels: { converter: namesConverter },
  }

  static override styles: CSSResultGroup = [
    GlElement.styles,
    signedBarStyles,
    attributionBarsStyles,
  ]

  /** The names of the features. In an attribute: separated by commas, or as JSON. */
  declare features: readonly string[]
  /**
   * The example's values as text, for example names of categories. Default: the explanation's x.
   */
  declare values: readonly (number | string)[] | null
  /** 'magnitude' (default): the greatest first; 'given': in the order of the features. */
  declare order: FeatureOrder
  /** The number of features to show, those of the greatest magnitude. Default: all. */
  declare top: number | null
  /**
   * The colours: 'PuOr' (default), purple for and orange against; or 'RdBu', blue for and red
   * against.
   */
  declare palette: Palette
  /** The index of the attributed input or layer, if there are several. */
  declare input: number
  /**
   * The names of the outputs. Default: their indices. In an attribute: separated by commas, or as
   * JSON.
   */
  declare labels: readonly string[]

  protected override readonly fileName: string = 'attribution'
  protected override readonly emptyText: string = 'No attribution yet.'

  constructor() {
    super()
    this.features = []
    this.values = null
    this.order = 'magnitude'
    this.top = null
    this.palette = 'PuOr'
    this.input = 0
    this.labels = []
  }

  protected override read(explanation: GivenExplanation | null): FeatureAttributions | null {
    readChoice('order', this.order, orders)
    readChoice('palette', this.palette, palettes)
    return explanation === null ? null : createFeatureAttributions(explanation, this)
  }

  protected override renderView(view: FeatureAttributions): TemplateResult {
    const shown = this.#selectShown(view)
    const format = createSignedFormat(shown.map(({ attribution }) => attribution))
    return this.#renderRows(shown, findScale(view), format, view.target)
  }

  /** A placeholder for each name, so that nothing moves when the attributions arrive. */
  protected override renderNothing(): TemplateResult {
    if (this.features.length === 0 || this.state === 'error') return super.renderNothing()
    const features = this.features.map((name, index) => ({
      index,
      name,
      value: null,
      attribution: NaN,
    }))
    const shown = features.slice(0, this.top ?? features.length)
    return this.#renderRows(shown, { min: -1, max: 1 }, () => '–', null)
  }

  protected override describe(view: FeatureAttributions): string {
    return describeFeatures(view)
  }

  protected override createTable(view: FeatureAttributions): Table {
    return {
      caption: 'The attribution of each feature',
      columns: ['feature', 'value', 'attribution'],
      rows: this.#selectShown(view).map(({ name, value, attribution }) => [
        name,
        value === null ? '' : formatValue(value),
        attribution,
      ]),
    }
  }

  protected override createRecords(view: FeatureAttributions): Table {
    return {
      caption: '',
      columns: ['feature', 'value', 'attribution'],
      rows: this.#selectShown(view).map(({ name, value, attribution }) => [
        name,
        value ?? '',
        attribution,
      ]),
    }
  }

  protected override drawPicture(view: FeatureAttributions, theme: Theme): Picture {
    return drawFeatures(this.#selectShown(view), findScale(view), theme)
  }

  #renderRows(
    features: readonly FeatureAttribution[],
    scale: SignedScale,
    format: (attribution: number) => string,
    target: string | null,
  ): TemplateResult {
    const name = target ?? 'a higher output'
    return html`
      <div aria-hidden="true">
        <p class="legend" part="legend">
          <span>for ${name}</span> <span class="against">against ${name}</span>
        </p>
        <ol class="rows">
          ${features.map(
            (feature) => html`
              <li part="row">
                <span class="name">
                  <span>${feature.name}</span>
                  <span class="value">
                    ${feature.value === null ? '' : formatValue(feature.value)}
                  </span>
                </span>
                ${renderSignedBar(feature.attribution, scale)}
                <span class="number">${format(feature.attribution)}</span>
              </li>
            `,
          )}
        </ol>
      </div>
    `
  }

  #selectShown({ features }: FeatureAttributions): readonly FeatureAttribution[] {
    const sorted = sortByMagnitude(features).slice(0, this.top ?? features.length)
    return this.order === 'magnitude' ? sorted : sorted.sort((a, b) => a.index - b.index)
  }
}

function findScale({ features }: FeatureAttributions): SignedScale {
  return scaleOf(features.map(({ attribution }) => attribution))
}

declare global {
  interface HTMLElementTagNameMap {
    'gl-attribution-bars': GlAttributionBars
  }
}

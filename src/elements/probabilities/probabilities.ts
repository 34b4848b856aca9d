import {
  html,
  nothing,
  type CSSResultGroup,
  type PropertyDeclarations,
  type TemplateResult,
} from 'lit'
import { fromNestedNumbers, type NdArray, type NestedNumbers } from '../../ndarray.js'
import { GlElement } from '../base/element.js'
import {
  getArray,
  isNdArray,
  getExampleAt,
  type GivenExplanation,
} from '../base/explanation-source.js'
import { namesConverter } from '../base/names.js'
import type { Picture } from '../base/picture/picture.js'
import { moveFocus } from '../base/roving.js'
import type { Table } from '../base/table.js'
import type { Theme } from '../base/color/theme.js'
import { formatTablePercent } from '../text/format.js'
import {
  readClassProbabilities,
  type ClassProbabilities,
  type ClassProbability,
} from './class-probabilities.js'
import { drawProbabilities } from './draw-probabilities.js'
import { probabilitiesStyles } from './probabilities.styles.js'
import { describeProbabilities } from './sentence.js'

/**
 * The class probabilities that a model predicts: a bar for each class, and a sentence with the most
 * probable ones.
 *
 * @tagname gl-probabilities
 *
 * @fires {CustomEvent<ClassProbability>} gl-class-select - The user selected a class; only with
 * `selectable`.
 *
 * @csspart row - A class with its name, bar and percentage.
 * @csspart bar - The bar of a class.
 */
export class GlProbabilities extends GlElement<ClassProbabilities> {
  static override properties: PropertyDeclarations = {
    predictions: { attribute: false },
    labels: { converter: namesConverter },
    truth: { type: Number },
    top: { type: Number },
    selectable: { type: Boolean, reflect: true },
    selected: { type: Number },
    selectedNote: { attribute: 'selected-note' },
  }

  static override styles: CSSResultGroup = [GlElement.styles, probabilitiesStyles]

  /**
   * The model's output [classes] or [examples, classes]. It replaces the explanation's predictions.
   */
  declare predictions: NdArray | NestedNumbers | null
  /**
   * The names of the classes. Default: their indices. In an attribute: separated by commas, or as
   * JSON.
   */
  declare labels: readonly string[]
  /** The example's label, if it is known. */
  declare truth: number | null
  /**
   * The number of classes to show, the most probable first. Default: all classes, in their order.
   */
  declare top: number | null
  /** Lets the user select a class, which fires `gl-class-select`. */
  declare selectable: boolean
  /** The selected class. */
  declare selected: number | null
  /** A note next to the selected class, for example 'in the map'. */
  declare selectedNote: string

  protected override readonly fileName: string = 'probabilities'
  protected override readonly emptyText: string = 'No prediction yet.'

  constructor() {
    super()
    this.predictions = null
    this.labels = []
    this.truth = null
    this.top = null
    this.selectable = false
    this.selected = null
    this.selectedNote = ''
  }

  protected override read(explanation: GivenExplanation | null): ClassProbabilities | null {
    if (this.predictions !== null) {
      const given = this.predictions
      const array = isNdArray(given) ? given : fromNestedNumbers('predictions', given)
      const isOne = array.shape.length < 2
      return readClassProbabilities(isOne ? array : getExampleAt(array, this.index), this.labels)
    }
    if (explanation === null) return null
    const outputs = getArray(explanation, 'predictions', 'the model outputs [examples, classes]')
    return readClassProbabilities(getExampleAt(outputs, this.index), this.labels)
  }

  protected override renderView({ classes, predicted }: ClassProbabilities): TemplateResult {
    return this.#renderRows(this.#selectShown(classes), predicted)
  }

  /**
   * A placeholder for each class, so that nothing moves when the prediction arrives. Which classes are the
   * most probable isn't known yet, so with `top` they have no names.
   */
  protected override renderNothing(): TemplateResult {
    if (this.labels.length === 0 || this.state === 'error') return super.renderNothing()
    const classes = this.labels.map((label, index) => ({ index, label, probability: NaN }))
    const { top } = this
    const unnamed =
      top === null || top >= classes.length
        ? classes
        : classes.slice(0, top).map((each) => ({ ...each, label: '–' }))
    return this.#renderRows(unnamed, null)
  }

  protected override describe(view: ClassProbabilities): string {
    return describeProbabilities(view, this.truth === null ? null : this.#nameClass(this.truth))
  }

  protected override createTable({ classes }: ClassProbabilities): Table {
    return {
      caption: 'The probability of each class',
      columns: ['class', 'probability'],
      rows: this.#selectShown(classes).map(({ label, probability }) => [
        label,
        formatTablePercent(probability),
      ]),
    }
  }

  protected override createRecords({ classes }: ClassProbabilities): Table {
    return {
      caption: '',
      columns: ['class', 'probability'],
      rows: this.#selectShown(classes).map(({ label, probability }) => [label, probability]),
    }
  }

  protected override drawPicture(
    { classes, predicted }: ClassProbabilities,
    theme: Theme,
  ): Picture {
    return drawProbabilities(this.#selectShown(classes), predicted, theme)
  }

  #renderRows(
    classes: readonly ClassProbability[],
    predicted: ClassProbability | null,
  ): TemplateResult {
    const stop = classes.some(({ index }) => index === this.selected)
      ? this.selected
      : classes[0]?.index
    return html`
      <ol
        class="rows"
        aria-hidden=${this.selectable ? nothing : 'true'}
        ?data-notes=${this.#hasNotes}
        @keydown=${moveFocus}
      >
        ${classes.map((each) => this.#renderRow(each, each === predicted, each.index === stop))}
      </ol>
    `
  }

  #renderRow(each: ClassProbability, isPredicted: boolean, isStop: boolean): TemplateResult {
    const { index, label, probability } = each
    const isKnown = !Number.isNaN(probability)
    const isSelected = this.selectable && index === this.selected
    const percent = isKnown ? formatTablePercent(probability) : '–'
    const note = this.#formatNote(index === this.truth, isSelected)
    const cells = html`
      <span class="label">${label}</span>
      <span class="measure">
        <span class="track">
          <span
            class="bar"
            part="bar"
            .style=${`transform: scaleX(${isKnown ? String(probability) : '0'})`}
          ></span>
        </span>
        ${note === '' ? nothing : html`<span class="note">${note}</span>`}
      </span>
      <span class="percent">${percent}</span>
    `
    if (!this.selectable) {
      return html`<li>
        <div class="row" part="row" ?data-predicted=${isPredicted}>${cells}</div>
      </li>`
    }
    return html`
      <li>
        <button
          type="button"
          class="row"
          part="row"
          data-stop
          tabindex=${isStop ? 0 : -1}
          aria-pressed=${isSelected ? 'true' : 'false'}
          ?data-predicted=${isPredicted}
          ?disabled=${!isKnown}
          @click=${() => {
            this.#select(each)
          }}
        >
          ${cells}
        </button>
      </li>
    `
  }

  #select(detail: ClassProbability): void {
    this.selected = detail.index
    this.dispatchEvent(
      new CustomEvent('gl-class-select', { detail, bubbles: true, composed: true }),
    )
  }

  #selectShown(classes: readonly ClassProbability[]): readonly ClassProbability[] {
    if (this.top === null) return classes
    return [...classes]
      .sort((a, b) => b.probability - a.probability || a.index - b.index)
      .slice(0, this.top)
  }

  #formatNote(isTruth: boolean, isSelected: boolean): string {
    return [isTruth ? 'labelled' : '', isSelected ? this.selectedNote : '']
      .filter((note) => note !== '')
      .join(', ')
  }

  /** Whether a class can have a note. */
  get #hasNotes(): boolean {
    return this.#formatNote(this.truth !== null, this.selectable) !== ''
  }

  #nameClass(index: number): string {
    return this.labels[index] ?? String(index)
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'gl-probabilities': GlProbabilities
  }
  interface HTMLElementEventMap {
    'gl-class-select': CustomEvent<ClassProbability>
  }
}

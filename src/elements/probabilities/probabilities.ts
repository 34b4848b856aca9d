import {
  html,
  nothing,
  type CSSResultGroup,
  type PropertyDeclarations,
  type TemplateResult,
} from 'lit'
import { fromNestedNumbers, type NdArray, type NestedNumbers } from '../../ndarray.js'
import { GlElement } from '../base/element.js'
import { arrayOf, isNdArray, rowOf, type GivenExplanation } from '../base/explanation-source.js'
import { namesConverter } from '../base/names.js'
import type { Picture } from '../base/picture/picture.js'
import { moveFocus } from '../base/roving.js'
import type { Table } from '../base/table.js'
import type { Theme } from '../base/color/theme.js'
import { formatTablePercent } from '../text/format.js'
import {
  classProbabilities,
  type ClassProbabilities,
  type ClassProbability,
} from './class-probabilities.js'
import { drawProbabilities } from './draw-probabilities.js'
import { probabilitiesStyles } from './probabilities.styles.js'
import { probabilitiesSentence } from './sentence.js'

/**
 * What a model answers: a bar for each class, and a sentence that says which one it is.
 *
 * @tagname gl-probabilities
 *
 * @fires {CustomEvent<ClassProbability>} gl-class-select - A class was chosen; only if `selectable`.
 *
 * @csspart row - A class: its name, bar and percentage.
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

  /** The model's output [classes] or [examples, classes], where there is no explanation (yet) that has it. */
  declare predictions: NdArray | NestedNumbers | null
  /** The names of the classes; without, their numbers. In an attribute: separated by commas, or as JSON. */
  declare labels: readonly string[]
  /** The class that the example is labelled with, if that is known. */
  declare truth: number | null
  /** How many classes are shown, the most probable first; null: all, in their order. */
  declare top: number | null
  /** Lets the visitor choose a class: `gl-class-select` tells of it. */
  declare selectable: boolean
  /** The class that is chosen. */
  declare selected: number | null
  /** What stands beside the chosen class, 'in the map' say. */
  declare selectedNote: string

  protected override readonly fileName: string = 'probabilities'
  protected override readonly emptyText: string = 'No answer of a model yet.'

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
      return classProbabilities(isOne ? array : rowOf(array, this.index), this.labels)
    }
    if (explanation === null) return null
    const outputs = arrayOf(
      explanation,
      'predictions',
      'the outputs of a model, one row an example',
    )
    return classProbabilities(rowOf(outputs, this.index), this.labels)
  }

  protected override renderView({ classes, predicted }: ClassProbabilities): TemplateResult {
    return this.#renderRows(this.#shownOf(classes), predicted)
  }

  /** As many places as there are names, so that nothing moves when the answer comes. */
  protected override renderNothing(): TemplateResult {
    if (this.labels.length === 0 || this.state === 'error') return super.renderNothing()
    const classes = this.labels.map((label, index) => ({ index, label, probability: NaN }))
    return this.#renderRows(this.#shownOf(classes), null)
  }

  protected override summarise(view: ClassProbabilities): string {
    return probabilitiesSentence(view, this.truth === null ? null : this.#nameOf(this.truth))
  }

  protected override tableOf({ classes }: ClassProbabilities): Table {
    return {
      caption: 'The probability of each class',
      columns: ['class', 'probability'],
      rows: this.#shownOf(classes).map(({ label, probability }) => [
        label,
        formatTablePercent(probability),
      ]),
    }
  }

  protected override recordsOf({ classes }: ClassProbabilities): Table {
    return {
      caption: '',
      columns: ['class', 'probability'],
      rows: this.#shownOf(classes).map(({ label, probability }) => [label, probability]),
    }
  }

  protected override pictureOf({ classes, predicted }: ClassProbabilities, theme: Theme): Picture {
    return drawProbabilities(this.#shownOf(classes), predicted, theme)
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
        ?data-notes=${this.#longestNote !== ''}
        .style=${`--_note-size: ${this.#longestNote.length * 0.55}em`}
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
    const note = this.#noteOf(index === this.truth, isSelected)
    const cells = html`
      <span class="label">${label}</span>
      <span class="track">
        <span
          class="bar"
          part="bar"
          .style=${`transform: scaleX(${isKnown ? String(probability) : '0'})`}
        ></span>
      </span>
      <span class="percent">${percent}</span>
      ${this.#longestNote === '' ? nothing : html`<span class="note">${note}</span>`}
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

  #shownOf(classes: readonly ClassProbability[]): readonly ClassProbability[] {
    if (this.top === null) return classes
    return [...classes]
      .sort((a, b) => b.probability - a.probability || a.index - b.index)
      .slice(0, this.top)
  }

  #noteOf(isTruth: boolean, isSelected: boolean): string {
    return [isTruth ? 'labelled' : '', isSelected ? this.selectedNote : '']
      .filter((note) => note !== '')
      .join(', ')
  }

  /** Its place is kept, so that nothing moves when another class is chosen. */
  get #longestNote(): string {
    return this.#noteOf(this.truth !== null, this.selectable)
  }

  #nameOf(index: number): string {
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

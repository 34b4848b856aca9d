import { html, nothing, type TemplateResult } from 'lit'
import { createNumberFormat, type NumberFormat } from '../../text/format.js'
import { differs } from '../labels.js'
import type { ShownExample } from '../shown-example.js'
import type { SimilarityView } from '../similarity-view.js'
import type { ExampleListOptions, ShownEnd } from './example-list.js'
import { renderScoreBar, renderSuspect } from './render-cards.js'

/** A column with a value of each example. */
interface ValueColumn {
  readonly name: string
  readonly isText: boolean
  readonly format: NumberFormat
  readonly at: number
}

/** The columns of the table. */
interface TableColumns {
  /**
   * Text before the first number, such as the example's name. It comes first, so that phones show
   * it.
   */
  readonly names: readonly ValueColumn[]
  readonly values: readonly ValueColumn[]
  readonly hasLabels: boolean
  readonly hasPredictions: boolean
}

/** Both ends as one table, so that their columns are aligned. */
export function renderTable(
  ends: readonly ShownEnd[],
  options: ExampleListOptions,
): TemplateResult {
  const columns = listColumns(ends, options)
  const { names, values, hasLabels, hasPredictions } = columns
  const width = 2 + names.length + values.length + Number(hasLabels) + Number(hasPredictions)
  return html`
    <div
      class="rows"
      role="group"
      aria-label=${`Similar ${options.view.nouns.many}`}
      tabindex=${options.stop === undefined ? '0' : nothing}
    >
      <table>
        <thead>
          <tr>
            <th scope="col">no.</th>
            ${names.map(renderHead)}
            <th scope="col" class=${scoreColumn(options.view)}>score</th>
            ${hasLabels ? html`<th scope="col">label</th>` : nothing}
            ${hasPredictions ? html`<th scope="col">model says</th>` : nothing}
            ${values.map(renderHead)}
          </tr>
        </thead>
        ${ends.map(
          (end) => html`
            <tbody class="end" part="end">
              <tr>
                <th scope="rowgroup" colspan=${width} class="end-title">${end.title}</th>
              </tr>
              ${end.examples.map((example, rank) => renderRow(example, rank, end, columns, options))}
            </tbody>
          `,
        )}
      </table>
    </div>
  `
}

/** The class of the column of scores, which is wide if it has bars. */
const scoreColumn = ({ scale }: SimilarityView): string | typeof nothing =>
  scale === null ? nothing : 'score-column'

function renderHead({ name, isText }: ValueColumn): TemplateResult {
  return html`<th scope="col" class=${isText ? 'words' : nothing}>${name}</th>`
}

function renderRow(
  example: ShownExample,
  rank: number,
  end: ShownEnd,
  { names, values, hasLabels, hasPredictions }: TableColumns,
  options: ExampleListOptions,
): TemplateResult {
  const { index, label, predicted, isSuspect, score } = example
  const { view, selected } = options
  const renderValue = (column: ValueColumn): TemplateResult => {
    const cell = getCells(example)[column.at]
    return html`<td class=${column.isText ? 'words' : nothing}>
      ${typeof cell === 'number' ? column.format(cell) : (cell ?? '')}
    </td>`
  }
  return html`
    <tr
      part="example"
      data-index=${index ?? nothing}
      aria-current=${index === selected ? 'true' : nothing}
    >
      <th scope="row">${renderNumber(example, rank, end, options)}</th>
      ${names.map(renderValue)}
      <td class=${scoreColumn(view)}>${renderScoreBar(score, view, options.format)}</td>
      ${
        hasLabels
          ? html`<td>
              ${label === undefined ? '' : view.name(label)}
              ${isSuspect ? renderSuspect() : nothing}
            </td>`
          : nothing
      }
      ${
        hasPredictions
          ? html`<td>
              ${differs(example, view) ? '≠ ' : ''}${predicted === undefined ? '' : view.name(predicted)}
            </td>`
          : nothing
      }
      ${values.map(renderValue)}
    </tr>
  `
}

function renderNumber(
  example: ShownExample,
  rank: number,
  { from, end }: ShownEnd,
  { stop, selected, select }: ExampleListOptions,
): TemplateResult {
  const { index, score, label } = example
  if (index === undefined) return html`<span class="quiet">not ranked</span>`
  const name = example.name ?? String(index)
  if (stop === undefined || score === undefined) return html`${name}`
  return html`
    <button
      type="button"
      class="number-button"
      data-stop
      tabindex=${from + rank === stop ? 0 : -1}
      aria-pressed=${index === selected ? 'true' : 'false'}
      @click=${() => {
        select({ index, score, label, end, rank })
      }}
    >
      ${name}
    </button>
  `
}

function listColumns(
  ends: readonly ShownEnd[],
  { columns: featureNames }: ExampleListOptions,
): TableColumns {
  const examples = ends.flatMap((end) => end.examples)
  const width = Math.max(...examples.map((example) => getCells(example).length))
  const columns = Array.from({ length: width }, (_, at): ValueColumn => {
    const cells = examples.map((example) => getCells(example)[at])
    const numbers = cells.filter((cell) => typeof cell === 'number')
    return {
      name: featureNames[at] ?? `x${at + 1}`,
      isText: cells.some((cell) => typeof cell === 'string'),
      format: numbers.every(Number.isInteger) ? formatInteger : createNumberFormat(numbers),
      at,
    }
  })
  const firstNumber = columns.findIndex(({ isText }) => !isText)
  const nameCount = firstNumber < 0 ? columns.length : firstNumber
  return {
    names: columns.slice(0, nameCount),
    values: columns.slice(nameCount),
    hasLabels: examples.some(({ label }) => label !== undefined),
    hasPredictions: examples.some(({ predicted }) => predicted !== undefined),
  }
}

const formatInteger = (value: number): string => value.toFixed(0).replace('-', '\u2212')

function getCells({ content }: ShownExample): readonly (number | string)[] {
  return content.kind === 'row' ? content.cells : []
}

import { html, nothing, type TemplateResult } from 'lit'
import { createNumberFormat } from '../../text/format.js'
import { renderSuspect, scoreText } from './render-cards.js'
import { renderSignedBar } from '../../base/color/signed-bar.js'
import type { RenderedEnd, ShownExample } from '../shown-example.js'
import type { SimilarityView } from '../similarity-view.js'

/** Rows of a table: the number, the label, the score, and the values of the example. */
export function renderRows(end: RenderedEnd & { readonly view: SimilarityView }): TemplateResult {
  const { examples, stop, title, view, columns } = end
  const width = Math.max(...examples.map(({ content }) => cellsOf(content).length))
  const all = [...view.most, ...view.least]
  const formats = Array.from({ length: width }, (_, column) => cellFormat(all, column))
  const kinds = formats.map((_, column) => (isText(all, column) ? 'words' : nothing))
  const hasLabels = examples.some(({ label }) => label !== undefined)
  const hasPredictions = examples.some(({ predicted }) => predicted !== undefined)
  return html`
    <div
      class="rows"
      role="group"
      aria-label=${title}
      tabindex=${stop === undefined ? '0' : nothing}
    >
      <table>
        <thead>
          <tr>
            <th scope="col">no.</th>
            ${hasLabels ? html`<th scope="col">label</th>` : nothing}
            ${hasPredictions ? html`<th scope="col">model says</th>` : nothing}
            <th scope="col" class="score-column">score</th>
            ${formats.map(
              (_, column) =>
                html`<th scope="col" class=${kinds[column]!}>
                  ${columns[column] ?? `x${column + 1}`}
                </th>`,
            )}
          </tr>
        </thead>
        <tbody>
          ${examples.map((example, rank) => {
            const { label, predicted, isSuspect, score, content } = example
            const { name } = view
            const differs =
              view.areClasses &&
              label !== undefined &&
              predicted !== undefined &&
              name(label) !== name(predicted)
            return html`
              <tr part="example" aria-current=${example.index === end.selected ? 'true' : nothing}>
                <th scope="row">${renderNumber(example, rank, end)}</th>
                ${
                  hasLabels
                    ? html`<td>
                        ${label === undefined ? '' : name(label)}
                        ${isSuspect ? renderSuspect() : nothing}
                      </td>`
                    : nothing
                }
                ${
                  hasPredictions
                    ? html`<td>
                        ${differs ? '≠ ' : ''}${predicted === undefined ? '' : name(predicted)}
                      </td>`
                    : nothing
                }
                <td class="score-column">
                  <span class="score-place">
                    ${renderSignedBar(score, view.scale)}
                    <span class="score">${scoreText(score, end.format)}</span>
                  </span>
                </td>
                ${formats.map((format, column) => {
                  const cell = cellsOf(content)[column]
                  return html`<td class=${kinds[column]!}>
                    ${typeof cell === 'number' ? format(cell) : (cell ?? '')}
                  </td>`
                })}
              </tr>
            `
          })}
        </tbody>
      </table>
    </div>
  `
}

function renderNumber(
  { index, score, label }: ShownExample,
  rank: number,
  { from, stop, selected, end, select }: RenderedEnd,
): TemplateResult {
  if (index === undefined) return html`<span class="quiet">not ranked</span>`
  if (stop === undefined || score === undefined) return html`${index}`
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
      ${index}
    </button>
  `
}

/** Whole numbers as they are; others in one notation for the column. */
function cellFormat(examples: readonly ShownExample[], column: number): (value: number) => string {
  const values = examples
    .map(({ content }) => cellsOf(content)[column])
    .filter((cell) => typeof cell === 'number')
  return values.every(Number.isInteger) ? wholeNumber : createNumberFormat(values)
}

const isText = (examples: readonly ShownExample[], column: number): boolean =>
  examples.some(({ content }) => typeof cellsOf(content)[column] === 'string')

const wholeNumber = (value: number): string => value.toFixed(0).replace('-', '\u2212')

function cellsOf(content: ShownExample['content']): readonly (number | string)[] {
  return content.kind === 'row' ? content.cells : []
}

import { html, type TemplateResult } from 'lit'
import { createNumberFormat } from '../text/format.js'

export type Cell = string | number

/** What a picture shows, in rows and columns; the first cell of each row names it. */
export interface Table {
  readonly caption: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
}

/** For screen readers, beside the picture. */
export function renderTable({ caption, columns, rows }: Table): TemplateResult {
  const formats = columns.map((_, i) => createNumberFormat(numbersOf(rows, i)))
  const text = (cell: Cell, i: number): string =>
    typeof cell === 'number' ? (formats[i]?.(cell) ?? String(cell)) : cell
  return html`
    <div class="visually-hidden">
      <table part="table">
        <caption>
          ${caption}
        </caption>
        <thead>
          <tr>
            ${columns.map((column) => html`<th scope="col">${column}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ([name = '', ...cells]) => html`
              <tr>
                <th scope="row">${name}</th>
                ${cells.map((cell, i) => html`<td>${text(cell, i + 1)}</td>`)}
              </tr>
            `,
          )}
        </tbody>
      </table>
    </div>
  `
}

/** As RFC 4180 has it: a line of names, then the rows, numbers in full. */
export function csvOf({ columns, rows }: Table): string {
  return [columns, ...rows].map((cells) => `${cells.map(field).join(',')}\r\n`).join('')
}

function field(cell: Cell): string {
  const text = String(cell)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

function* numbersOf(rows: Table['rows'], column: number): Generator<number> {
  for (const row of rows) {
    const cell = row[column]
    if (typeof cell === 'number') yield cell
  }
}

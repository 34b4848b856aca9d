import { html, type TemplateResult } from 'lit'
import { createNumberFormat } from '../text/format.js'

export type Cell = string | number

/** The content of a picture in rows and columns. The first cell of each row is its name. */
export interface Table {
  readonly caption: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
}

/** A visually hidden table for screen readers. */
export function renderTable({ caption, columns, rows }: Table): TemplateResult {
  const formats = columns.map((_, i) => createNumberFormat(listNumbers(rows, i)))
  const text = (cell: Cell, i: number): string =>
    typeof cell === 'number' ? (formats[i]?.(cell) ?? `${cell}`) : cell
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

/** CSV by RFC 4180: a line of column names, then the rows, with unrounded numbers. */
export function formatCsv({ columns, rows }: Table): string {
  return [columns, ...rows].map((cells) => `${cells.map(quoteField).join(',')}\r\n`).join('')
}

function quoteField(cell: Cell): string {
  const text = String(cell)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

function* listNumbers(rows: Table['rows'], column: number): Generator<number> {
  for (const row of rows) {
    const cell = row[column]
    if (typeof cell === 'number') yield cell
  }
}

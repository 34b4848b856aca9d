import type { Cell, Table } from '../elements/base/table.js'
import { readExplanation } from '../elements/base/source/open-explanation.js'
import { escapeMarkup } from '../elements/text/escape-markup.js'
import { createNumberFormat } from '../elements/text/format.js'
import type { FrameDtype } from '../frame/array-formats.js'
import { encodeFrame } from '../frame/encode-frame.js'
import { toBase64 } from './base64.js'
import { encodePng } from './png.js'
import type { ReportPart } from './report-part.js'
import { createStills, type Still } from './still.js'

/**
 * The element of an explanation with its frame, its heading, and its stills.
 *
 * @throws InvalidArgumentError if no element shows it
 */
export async function formatPart(
  given: ReportPart,
  dtype: FrameDtype | undefined,
): Promise<string> {
  const isPart = typeof given === 'object' && 'explanation' in given && !('data' in given)
  const {
    explanation,
    title = '',
    side: own = {},
  } = isPart ? given : { explanation: given as unknown }
  const { side: carried = {}, ...opened } = readExplanation(explanation)
  const side = { ...carried, ...own }
  const stills = await Promise.all(createStills(opened, side).map(formatStill))
  const heading = title === '' ? '' : `<h2>${escapeMarkup(title)}</h2>\n`
  const frame = toBase64(encodeFrame(opened, side, { dtype }))
  return `${heading}<gl-explanation><script type="application/x-gradlens-frame">${frame}</script>
${stills.join('\n')}
</gl-explanation>`
}

async function formatStill({ title, sentence, picture, table }: Still): Promise<string> {
  const png = toBase64(await encodePng(picture))
  const width = Math.min(640, picture.width * Math.max(1, Math.floor(480 / picture.width)))
  const name = title === '' ? '' : `<strong>${escapeMarkup(title)}</strong> `
  return `<figure><img alt="" width="${width}" src="data:image/png;base64,${png}"><figcaption>${name}${escapeMarkup(sentence)}</figcaption></figure>
${formatTable(table)}`
}

/** More rows are only in the numbers. */
const mostRows = 50

function formatTable({ caption, columns, rows }: Table): string {
  const shown = rows.slice(0, mostRows)
  const formats = columns.map((_, column) =>
    createNumberFormat(shown.map((row) => row[column]).filter((cell) => typeof cell === 'number')),
  )
  const format = (cell: Cell, column: number): string =>
    escapeMarkup(typeof cell === 'number' ? (formats[column]?.(cell) ?? '') : cell)
  const lines = shown.map(
    ([name = '', ...cells]) =>
      `<tr><th scope="row">${format(name, 0)}</th>${cells.map((cell, i) => `<td>${format(cell, i + 1)}</td>`).join('')}</tr>`,
  )
  const rest = rows.length - shown.length
  const note = rest > 0 ? ` (the first ${mostRows} of ${rows.length} rows)` : ''
  return `<table><caption>${escapeMarkup(caption)}${note}</caption>
<thead><tr>${columns.map((column) => `<th scope="col">${escapeMarkup(column)}</th>`).join('')}</tr></thead>
<tbody>${lines.join('\n')}</tbody></table>`
}

import { escapeMarkup } from '../elements/text/escape-markup.js'
import { createNumberFormat } from '../elements/text/format.js'
import type { Cell, Table } from '../elements/base/table.js'
import type { ExplanationSource } from '../elements/base/explanation-source.js'
import { readExplanation } from '../elements/base/source/open-explanation.js'
import { InvalidArgumentError } from '../errors.js'
import type { FrameDtype } from '../frame/array-formats.js'
import { encodeFrame } from '../frame/encode-frame.js'
import type { FrameSide } from '../frame/frame.js'
import { explainFailedImport } from '../failed-import.js'
import { assertKnownKeys, describe } from '../options.js'
import { toBase64 } from './base64.js'
import { encodePng } from './png.js'
import { createStills, type Still } from './still.js'

/** An explanation in a report, with its heading and what its element shows in addition. */
export interface ReportPart {
  readonly explanation: ReportSource
  readonly title?: string | undefined
  /** Properties of the element, which count before those of a frame. */
  readonly side?: FrameSide | undefined
}

/** An explanation, its JSON as text or parsed, or its frame. */
export type ReportSource = Exclude<ExplanationSource, PromiseLike<unknown> | Blob>

export interface ReportOptions {
  /** The title of the page. Default 'Explanations'. */
  readonly title?: string | undefined
  /** The language of the titles, as in HTML's `lang`. Default 'en'. */
  readonly language?: string | undefined
  /** The format of floating-point numbers. Default: each array keeps its own. */
  readonly dtype?: FrameDtype | undefined
  /** The text of `elements.global.js`. Default: that of this package, next to this module. */
  readonly elements?: string | undefined
}

const optionNames = [
  'title',
  'language',
  'dtype',
  'elements',
] as const satisfies readonly (keyof ReportOptions)[]
const kitName = 'elements.global.js'

/**
 * A page in one file that shows explanations: the elements, the numbers, and for where no script
 * runs a picture and a table of each. It sends no requests and works from disk, in sandboxed
 * frames, and under a strict content security policy.
 *
 * @param explanations one explanation or part, or a list of them
 * @throws InvalidArgumentError if there is none, or no element shows one of them
 */
export async function reportHtml(
  explanations: ReportSource | ReportPart | readonly (ReportSource | ReportPart)[],
  options: ReportOptions = {},
): Promise<string> {
  assertKnownKeys('options', options, optionNames)
  const { title = 'Explanations', language = 'en', dtype } = options
  const list = Array.isArray(explanations) ? (explanations as readonly unknown[]) : [explanations]
  if (list.length === 0) throw new InvalidArgumentError('explanations', 'none', 'at least one')
  const kit = (options.elements ?? (await readKit())).trim()
  assertInline(kit)
  const policy = await formatPolicy(kit)
  const sections = await Promise.all(list.map((part) => formatPart(part as ReportPart, dtype)))
  // wandb splits a page at its first '<head>'.
  return `<!doctype html>
<html lang="${escapeMarkup(language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeMarkup(title)}</title>
<style>${style}</style>
</head>
<body>
<h1>${escapeMarkup(title)}</h1>
${sections.join('\n')}
<script>${kit}</script>
</body>
</html>
`
}

const style = `:root{color-scheme:light dark}
body{background:light-dark(#fff,#131317);color:light-dark(#17171c,#ececf1);font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:960px;padding:16px}
h1{font-size:24px;line-height:1.25;overflow-wrap:anywhere}
h2{font-size:18px;overflow-wrap:anywhere}
section{margin-block:32px}
gl-explanation{display:block}
figure{margin:0}
img{image-rendering:pixelated;max-width:100%;min-width:min(100%,240px);min-height:24px}
table{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums;margin-block:16px}
caption{text-align:start}
th,td{border-block-end:1px solid light-dark(#dcdce2,#2f2f38);padding:4px 16px 4px 0;text-align:start;font-weight:400;overflow-wrap:anywhere}`

/** Only these scripts and styles, and no requests. */
async function formatPolicy(kit: string): Promise<string> {
  const { sha256 } = await import('@noble/hashes/sha2.js').catch(explainFailedImport)
  const hash = (text: string): string =>
    `sha256-${toBase64(sha256(new TextEncoder().encode(text)))}`
  return [
    "default-src 'none'",
    `script-src '${hash(kit)}'`,
    `style-src '${hash(style)}'`,
    'img-src data: blob:',
    "require-trusted-types-for 'script'",
    'trusted-types lit-html',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
}

async function formatPart(given: ReportPart, dtype: FrameDtype | undefined): Promise<string> {
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
  return `<section>
${heading}<gl-explanation><script type="application/x-gradlens-frame">${frame}</script>
${stills.join('\n')}
</gl-explanation>
</section>`
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

/** @throws InvalidArgumentError if a script element would end within the text */
function assertInline(kit: string): void {
  const found = /<\/script|<!--/i.exec(kit)?.[0]
  if (found === undefined) return
  throw new InvalidArgumentError(
    'elements',
    `a script with '${found}'`,
    'elements.global.js of gradlens',
  )
}

async function readKit(): Promise<string> {
  const url = new URL(kitName, import.meta.url)
  const expected = `the text of gradlens's ${kitName}, in the option 'elements', since the file is not at ${url.href}`
  try {
    if (url.protocol === 'file:') {
      // Not a literal, because pages have no such module and are checked without Node's types.
      const name = ['node:fs', 'promises'].join('/')
      const { readFile } = (await import(/* @vite-ignore */ name)) as {
        readFile: (url: URL, encoding: string) => Promise<string>
      }
      return await readFile(url, 'utf8')
    }
    const response = await fetch(url)
    if (response.ok) return await response.text()
  } catch (cause) {
    throw new InvalidArgumentError('elements', describe(undefined), expected, { cause })
  }
  throw new InvalidArgumentError('elements', describe(undefined), expected)
}

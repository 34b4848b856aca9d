import { escapeMarkup } from '../elements/text/escape-markup.js'
import { InvalidArgumentError } from '../errors.js'
import type { FrameDtype } from '../frame/array-formats.js'
import { assertKnownKeys } from '../options.js'
import { formatPart } from './format-part.js'
import { formatPolicy } from './format-policy.js'
import { formatLive } from './live/format-live.js'
import type { LiveOptions } from './live/live-options.js'
import { readLiveKit } from './live/read-live-kit.js'
import { assertInline, readKit } from './read-kit.js'
import type { ReportPart, ReportSource } from './report-part.js'

/** Options of reportHtml. */
export interface ReportOptions {
  /** The title of the page. Default 'Explanations'. */
  readonly title?: string | undefined
  /** The language of the titles, as in HTML's `lang`. Default 'en'. */
  readonly language?: string | undefined
  /** The format of floating-point numbers. Default: each array keeps its own. */
  readonly dtype?: FrameDtype | undefined
  /** A model in the page, which explains there, without a server. */
  readonly live?: LiveOptions | undefined
  /** The text of `elements.global.js`. Default: that of this package, next to this module. */
  readonly elements?: string | undefined
  /** The text of `live.global.js`. Default: that of this package, next to this module. */
  readonly liveKit?: string | undefined
}

const optionNames = [
  'title',
  'language',
  'dtype',
  'live',
  'elements',
  'liveKit',
] as const satisfies readonly (keyof ReportOptions)[]
const kitName = 'elements.global.js'

/**
 * Returns a page in one HTML file that shows explanations. It sends no requests, and works from disk,
 * in sandboxed frames, and under a strict content security policy. Where scripts don't run, it shows a
 * picture and a table of each explanation. With `live`, it also contains a model, which the page
 * explains.
 *
 * @param explanations one explanation or part, or a list of them, which may be empty with `live`
 * @throws InvalidArgumentError if there is nothing to show, no element shows an explanation, or the
 *   page can't contain the model
 */
export async function reportHtml(
  explanations: ReportSource | ReportPart | readonly (ReportSource | ReportPart)[],
  options: ReportOptions = {},
): Promise<string> {
  assertKnownKeys('options', options, optionNames)
  const { title = 'Explanations', language = 'en', dtype, live } = options
  const list = Array.isArray(explanations) ? (explanations as readonly unknown[]) : [explanations]
  if (list.length === 0 && live === undefined) {
    throw new InvalidArgumentError('explanations', 'none', 'at least one')
  }
  const kit = (options.elements ?? (await readKit(kitName, 'elements'))).trim()
  assertInline(kit, kitName, 'elements')
  const liveKit = live === undefined ? null : await readLiveKit(options.liveKit)
  const styles = liveKit === null ? style : `${style}\n${liveStyle}`
  const scripts = liveKit === null ? [kit] : [kit, liveKit.text]
  const policy = await formatPolicy(scripts, styles, liveKit?.codeHash)
  const sections = await Promise.all(
    list.map(
      async (part) => `<section>\n${await formatPart(part as ReportPart, dtype)}\n</section>`,
    ),
  )
  if (live !== undefined) {
    const { explanation, side } = live
    const still = explanation === undefined ? '' : await formatPart({ explanation, side }, dtype)
    sections.push(await formatLive(live, still, dtype))
  }
  // wandb splits a page at its first '<head>'.
  return `<!doctype html>
<html lang="${escapeMarkup(language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeMarkup(title)}</title>
<style>${styles}</style>
</head>
<body>
<h1>${escapeMarkup(title)}</h1>
${sections.join('\n')}
${scripts.map((script) => `<script>${script}</script>`).join('\n')}
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

const liveStyle = `gl-explainer{display:block;margin-block-start:16px}
.note{color:light-dark(#5a5a66,#a9a9b4);font-size:13px}
.note:empty{display:none}
input{font:inherit;width:6em}`

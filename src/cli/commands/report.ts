import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { reportHtml } from 'gradlens/report'
import { getChoice, getOption, requireOption } from '../arguments.js'
import { InputError } from '../arrays/array-source.js'
import { type Command, UsageError } from '../command.js'
import { liveReportOptions, readLiveReport } from '../live-report.js'

export const reportCommand: Command = {
  name: 'report',
  summary:
    'Writes a page in one file that shows explanations. It works without a server and a network, also where no script runs. With --live, the page also contains a model and explains it there.',
  usage: 'EXPLANATION… --out FILE [--live --model FILE --x FILE …]',
  positionals: {
    name: 'EXPLANATION',
    most: Infinity,
    help: 'a file with the JSON of an explanation, or with its frame (.safetensors)',
  },
  options: {
    out: { type: 'string', value: 'FILE', help: 'the page, for example report.html' },
    title: { type: 'string', value: 'TEXT', help: 'the title of the page (default: Explanations)' },
    labels: {
      type: 'string',
      value: 'NAMES',
      help: 'the names of the outputs, separated by commas (default: those in the frames)',
    },
    features: {
      type: 'string',
      value: 'NAMES',
      help: 'the names of the features, separated by commas (default: those in the frames)',
    },
    dtype: {
      type: 'string',
      value: 'TYPE',
      help: 'the format of the numbers, float32 or float16, for smaller pages (default: as in the files)',
    },
    ...liveReportOptions,
  },
  async run(given, { print, signal }) {
    const { positionals } = given
    const isLive = given.values['live'] !== undefined
    if (positionals.length === 0 && !isLive) {
      throw new UsageError('gradlens report: got no explanation; expected at least one file.')
    }
    const out = requireOption(given, 'out', 'report.html')
    const side = {
      ...readNames(getOption(given, 'labels'), 'labels'),
      ...readNames(getOption(given, 'features'), 'features'),
    }
    const live = await readLiveReport(given, side)
    const parts = await Promise.all(
      positionals.map(async (file) => ({
        explanation: await readFile(file),
        title: positionals.length > 1 ? path.parse(file).name : undefined,
        side,
      })),
    )
    signal.throwIfAborted()
    const html = await reportHtml(parts, {
      live,
      title: getOption(given, 'title'),
      dtype: getChoice(given, 'dtype', ['float32', 'float16']),
    }).catch((cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause)
      const files = positionals.length === 1 ? `${positionals[0]!}: ` : ''
      throw new InputError(`${files}${reason}`, { cause })
    })
    await writeFile(out, html)
    const count =
      positionals.length === 1 ? 'one explanation' : `${positionals.length} explanations`
    const content = isLive ? (positionals.length === 0 ? 'a model' : `${count} and a model`) : count
    print(`${out}: ${content}, ${Math.ceil(Buffer.byteLength(html) / 1000)} kB.`)
    return 0
  },
}

function readNames(text: string | undefined, name: string): Readonly<Record<string, string[]>> {
  return text === undefined ? {} : { [name]: text.split(',').map((each) => each.trim()) }
}

import { mergeGradientStore, FileSystemStore } from 'gradlens/node'
import { optional } from '../arguments.js'
import { type Command, UsageError } from '../command.js'
import { ProgressLine } from '../progress-line.js'
import { folderAt } from '../store-at.js'

export const mergeCommand: Command = {
  name: 'merge',
  summary:
    'Makes one complete store of ranges of rows, which precompute --rows has written into one folder or into several. Checks that no row is missing, that all ranges are of the same model, loss and layout, and every checksum.',
  usage: 'STORE | STORE… --out STORE',
  positionals: {
    name: 'STORE',
    most: Infinity,
    help: 'the folder of the ranges; or several, whose ranges are copied into that of --out',
  },
  options: {
    out: { type: 'string', value: 'STORE', help: 'where the ranges of other folders are copied' },
  },
  resume: 'The ranges are as they were: the same command begins again.',
  async run(given, { signal, print, terminal }) {
    const { positionals } = given
    const out = optional(given, 'out')
    const [first] = positionals
    if (first === undefined) {
      throw new UsageError('gradlens merge: got no store; expected the folder of the ranges.')
    }
    if (out === undefined && positionals.length > 1) {
      throw new UsageError(
        `gradlens merge: got ${positionals.length} stores; expected --out STORE too, into which they are copied.`,
      )
    }
    const from = out === undefined ? [] : positionals.map(folderAt)
    const store = out === undefined ? folderAt(first) : new FileSystemStore(out)
    const line = new ProgressLine(terminal)
    let merged
    try {
      merged = await mergeGradientStore(store, {
        from,
        signal,
        onProgress: ({ phase, done, total }) => {
          line.show(phase === 'merge' ? 'Copying' : 'Checking', done, total)
        },
      })
    } finally {
      line.close()
    }
    const { rowCount, rangeCount } = merged
    const place = out ?? first
    print(
      rangeCount === 0
        ? `${place}: complete already, ${rowCount} rows.`
        : `${place}: merged ${rangeCount} range${rangeCount === 1 ? '' : 's'}, ${rowCount} rows.`,
    )
    return 0
  },
}

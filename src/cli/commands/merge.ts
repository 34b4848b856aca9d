import { mergeGradientStore, FileSystemStore } from 'gradlens/node'
import { getOption } from '../arguments.js'
import { type Command, UsageError } from '../command.js'
import { ProgressLine } from '../progress-line.js'
import { openFolder } from '../store-at.js'

export const mergeCommand: Command = {
  name: 'merge',
  summary:
    'Merges ranges of rows that precompute --rows wrote, to one folder or several, into one complete store. Checks that no row is missing, that all ranges have the same model, loss and arrays, and every chunk.',
  usage: 'STORE | STORE… --out STORE',
  positionals: {
    name: 'STORE',
    most: Infinity,
    help: 'the folder with the ranges; or several folders, whose ranges are copied to --out',
  },
  options: {
    out: {
      type: 'string',
      value: 'STORE',
      help: 'the folder to which ranges of several folders are copied',
    },
  },
  resume: 'The ranges are unchanged: run the same command to start again.',
  async run(given, { signal, print, terminal }) {
    const { positionals } = given
    const out = getOption(given, 'out')
    const [first] = positionals
    if (first === undefined) {
      throw new UsageError('gradlens merge: got no store; expected the folder of the ranges.')
    }
    if (out === undefined && positionals.length > 1) {
      throw new UsageError(
        `gradlens merge: got ${positionals.length} stores and no --out; expected --out STORE, to which they are copied.`,
      )
    }
    const from = out === undefined ? [] : positionals.map(openFolder)
    const store = out === undefined ? openFolder(first) : new FileSystemStore(out)
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
        ? `${place}: already complete, ${rowCount} rows.`
        : `${place}: merged ${rangeCount} range${rangeCount === 1 ? '' : 's'}, ${rowCount} rows.`,
    )
    return 0
  },
}

import { verifyGradientStore } from 'gradlens/node'
import { type Command, UsageError } from '../command.js'
import { ProgressLine } from '../progress-line.js'
import { openStoreAt } from '../store-at.js'

export const verifyCommand: Command = {
  name: 'verify',
  summary:
    'Checks the metadata of a store of gradients, and that every chunk is the one that was written at its place. Exits with code 1 if anything is damaged or missing.',
  usage: 'STORE',
  positionals: { name: 'STORE', most: 1, help: 'a folder or a URL: https://…/store.zarr' },
  options: {},
  async run({ positionals: [place] }, { signal, print, note, terminal }) {
    if (place === undefined) {
      throw new UsageError('gradlens verify: got no store; expected a folder or a URL.')
    }
    const line = new ProgressLine(terminal)
    let verified
    try {
      verified = await verifyGradientStore(openStoreAt(place), {
        signal,
        onProgress: ({ done, total }) => {
          line.show('Checking', done, total)
        },
      })
    } finally {
      line.close()
    }
    const { rowCount, totalRowCount, isInRanges, curvatures, chunkCount, damaged } = verified
    for (const { message } of damaged.slice(0, mostShown)) note(message)
    if (damaged.length > 0) {
      const more = damaged.length - mostShown
      if (more > 0) note(`… and ${more} more.`)
      print(`${place}: ${damaged.length} of ${chunkCount} chunks are damaged or missing.`)
      return 1
    }
    if (isInRanges) {
      print(
        `${place}: the ranges of rows in this store are not merged yet; gradlens merge checks and merges them.`,
      )
      return 1
    }
    if (rowCount < totalRowCount) {
      print(
        `${place}: incomplete, with ${rowCount} of ${totalRowCount} rows; these are intact. Run the command that started it again.`,
      )
      return 1
    }
    const factors =
      curvatures.length === 0
        ? ''
        : ` and the curvature ${curvatures.map((name) => `'${name}'`).join(', ')}`
    print(`${place}: intact, ${rowCount} rows${factors} in ${chunkCount} chunks.`)
    return 0
  },
}

const mostShown = 10

import { verifyGradientStore } from 'gradlens/node'
import { type Command, UsageError } from '../command.js'
import { ProgressLine } from '../progress-line.js'
import { storeAt } from '../store-at.js'

export const verifyCommand: Command = {
  name: 'verify',
  summary:
    'Checks the metadata of a store of gradients, and the checksum of every chunk. Exit code 1 if anything is damaged or missing.',
  usage: 'STORE',
  positionals: { name: 'STORE', most: 1, help: 'a folder, or an address: https://…/store.zarr' },
  options: {},
  async run({ positionals: [place] }, { signal, print, note, terminal }) {
    if (place === undefined) {
      throw new UsageError('gradlens verify: got no store; expected a folder or an address.')
    }
    const line = new ProgressLine(terminal)
    let verified
    try {
      verified = await verifyGradientStore(storeAt(place), {
        signal,
        onProgress: ({ done, total }) => {
          line.show('Checking', done, total)
        },
      })
    } finally {
      line.close()
    }
    const { rowCount, totalRowCount, isInRanges, chunkCount, damaged } = verified
    for (const { message } of damaged.slice(0, mostShown)) note(message)
    if (damaged.length > 0) {
      const more = damaged.length - mostShown
      if (more > 0) note(`… and ${more} more.`)
      print(`${place}: ${damaged.length} of ${chunkCount} chunks are not whole.`)
      return 1
    }
    if (isInRanges) {
      print(
        `${place}: written in ranges of rows that are not merged yet; gradlens merge checks them and makes them one.`,
      )
      return 1
    }
    if (rowCount < totalRowCount) {
      print(
        `${place}: whole so far, with ${rowCount} of ${totalRowCount} rows. Go on with the command that began it.`,
      )
      return 1
    }
    print(`${place}: whole, ${rowCount} rows in ${chunkCount} chunks.`)
    return 0
  },
}

const mostShown = 10

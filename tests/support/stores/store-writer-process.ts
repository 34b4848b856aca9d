import { FileSystemStore } from 'gradlens/node'
import { writeManyRows } from './many-rows.js'

// Started as a process, with a directory: writes a store there and says how many rows are in.
await writeManyRows(new FileSystemStore(process.argv[2]!), (rowsWritten) => {
  process.stdout.write(`${rowsWritten}\n`)
})

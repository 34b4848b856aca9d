import { isGradlensError, OpfsStore } from 'gradlens'
import { writeManyRows } from './many-rows.js'
import { writeRows } from './written-store.js'

/** Writes a store in a worker; for `handle` as in browsers that have no writable streams for files. */
async function work({ name, mode }: { name: string; mode: string }): Promise<string> {
  const store = new OpfsStore(name)
  if (mode === 'hold') {
    await store.lock()
    return 'holding'
  }
  if (mode === 'many') {
    await writeManyRows(store, (rowsWritten) => {
      if (rowsWritten >= 20) self.postMessage('halfway')
    })
    return 'written'
  }
  if (mode === 'handle') Reflect.deleteProperty(FileSystemFileHandle.prototype, 'createWritable')
  await writeRows(store, 3, {}, 5)
  await writeRows(store, 3)
  return 'written'
}

self.onmessage = ({ data }: MessageEvent<{ name: string; mode: string }>): void => {
  work(data).then(
    (answer) => {
      self.postMessage(answer)
    },
    (error: unknown) => {
      self.postMessage(isGradlensError(error, 'StoreError') ? error.failure : String(error))
    },
  )
}

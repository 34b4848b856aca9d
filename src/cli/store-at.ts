import { existsSync, statSync } from 'node:fs'
import { type ByteStore, HttpStore } from 'gradlens'
import { FileSystemStore } from 'gradlens/node'
import { UsageError } from './command.js'

/** The store in a folder, or at an address. @throws UsageError if there is no such folder */
export function storeAt(place: string): ByteStore {
  return /^https?:\/\//.test(place) ? new HttpStore(place) : folderAt(place)
}

/** The store in a folder that is there. @throws UsageError if it is not */
export function folderAt(place: string): FileSystemStore {
  if (!existsSync(place)) {
    throw new UsageError(`${place}: there is no such folder; expected a store of gradients.`)
  }
  if (!statSync(place).isDirectory()) {
    throw new UsageError(`${place}: this is a file; expected a folder, a store of gradients.`)
  }
  return new FileSystemStore(place)
}

import { existsSync, statSync } from 'node:fs'
import { type ByteStore, HttpStore } from 'gradlens'
import { FileSystemStore } from 'gradlens/node'
import { UsageError } from './command.js'

/** Opens the store in a folder or at a URL. @throws UsageError if the folder does not exist */
export function openStoreAt(place: string): ByteStore {
  return /^https?:\/\//.test(place) ? new HttpStore(place) : openFolder(place)
}

/** Opens the store in an existing folder. @throws UsageError if the folder does not exist */
export function openFolder(place: string): FileSystemStore {
  if (!existsSync(place)) {
    throw new UsageError(`${place}: this folder does not exist; expected a store of gradients.`)
  }
  if (!statSync(place).isDirectory()) {
    throw new UsageError(`${place}: this is a file; expected the folder of a store of gradients.`)
  }
  return new FileSystemStore(place)
}

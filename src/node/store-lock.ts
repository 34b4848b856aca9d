import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { StoreError } from '../errors.js'
import type { RowRange, StoreLock } from '../store/bytes/byte-store.js'
import { acquireLockFile, findLockHolder, describeHolder } from './lock-file.js'

/**
 * Locks a store in a directory: all of it, or a range of rows while other writers have other rows.
 *
 * @param id the owner
 * @throws StoreError with failure `'locked'` if another writer has some of the rows
 */
export async function lockStore(
  directory: string,
  id: string,
  rows: RowRange | undefined,
): Promise<StoreLock> {
  const own = rows === undefined ? wholeLock : `${wholeLock}-${rows.start}-${rows.end}`
  // Create first, then look: of two writers that do so at once, at least one sees the other.
  const lock = await acquireLockFile(path.join(directory, own), id)
  try {
    for (const name of await listLocks(directory)) {
      const theirs = parseLockRows(name)
      const overlaps =
        rows === undefined ||
        theirs === undefined ||
        (theirs.start < rows.end && rows.start < theirs.end)
      if (name === own || !overlaps) continue
      const file = path.join(directory, name)
      const holder = await findLockHolder(file)
      if (holder === undefined) continue
      const what =
        theirs === undefined
          ? 'this store'
          : `rows ${theirs.start} to ${theirs.end - 1} of this store`
      throw new StoreError(
        'locked',
        `Gradients are being written to ${what} by ${describeHolder(holder)}, according to ${file}.`,
      )
    }
  } catch (error) {
    await lock.release()
    throw error
  }
  return lock
}

/** The ids of all current writers of the store. */
export async function listWriters(directory: string): Promise<Set<string>> {
  const names = await listLocks(directory)
  const holders = await Promise.all(names.map((name) => findLockHolder(path.join(directory, name))))
  return new Set(holders.flatMap((holder) => (holder === undefined ? [] : [holder.id])))
}

const wholeLock = '.lock'

async function listLocks(directory: string): Promise<string[]> {
  const names = await readdir(directory)
  return names.filter((name) => lockPattern.test(name))
}

const lockPattern = /^\.lock(?:-(\d+)-(\d+))?$/

function parseLockRows(name: string): RowRange | undefined {
  const [, start, end] = lockPattern.exec(name) ?? []
  return start === undefined ? undefined : { start: Number(start), end: Number(end) }
}

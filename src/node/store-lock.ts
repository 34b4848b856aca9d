import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { StoreError } from '../errors.js'
import type { RowRange, StoreLock } from '../store/bytes/byte-store.js'
import { lockFile, lockHolder, nameOf } from './lock-file.js'

/**
 * Locks a store in a directory: the whole of it, or rows of it, beside others who write other rows.
 *
 * @param id whose lock it is
 * @throws StoreError with failure `'locked'` if somebody else writes there
 */
export async function lockStore(
  directory: string,
  id: string,
  rows: RowRange | undefined,
): Promise<StoreLock> {
  const own = rows === undefined ? wholeLock : `${wholeLock}-${rows.start}-${rows.end}`
  // First ours, then a look at the others': of two who do so at once, one sees the other at least.
  const lock = await lockFile(path.join(directory, own), id)
  try {
    for (const name of await lockNames(directory)) {
      const theirs = rowsOf(name)
      const overlaps =
        rows === undefined ||
        theirs === undefined ||
        (theirs.start < rows.end && rows.start < theirs.end)
      if (name === own || !overlaps) continue
      const file = path.join(directory, name)
      const holder = await lockHolder(file)
      if (holder === undefined) continue
      const what =
        theirs === undefined
          ? 'this store'
          : `rows ${theirs.start} to ${theirs.end - 1} of this store`
      throw new StoreError(
        'locked',
        `Gradients are being written to ${what} by ${nameOf(holder)}; ${file} says so.`,
      )
    }
  } catch (error) {
    await lock.release()
    throw error
  }
  return lock
}

/** Who writes to the store at the time, by their ids. */
export async function writersOf(directory: string): Promise<Set<string>> {
  const names = await lockNames(directory)
  const holders = await Promise.all(names.map((name) => lockHolder(path.join(directory, name))))
  return new Set(holders.flatMap((holder) => (holder === undefined ? [] : [holder.id])))
}

const wholeLock = '.lock'

async function lockNames(directory: string): Promise<string[]> {
  const names = await readdir(directory)
  return names.filter((name) => lockPattern.test(name))
}

const lockPattern = /^\.lock(?:-(\d+)-(\d+))?$/

function rowsOf(name: string): RowRange | undefined {
  const [, start, end] = lockPattern.exec(name) ?? []
  return start === undefined ? undefined : { start: Number(start), end: Number(end) }
}

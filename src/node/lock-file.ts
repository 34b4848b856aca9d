import { randomUUID } from 'node:crypto'
import { open, readFile, rename, rm, stat, utimes } from 'node:fs/promises'
import { hostname } from 'node:os'
import process from 'node:process'
import { StoreError } from '../errors.js'
import type { StoreLock } from '../store/bytes/byte-store.js'

export interface Holder {
  readonly id: string
  readonly pid: number
  readonly host: string
}

/**
 * A lock by a file that only one can create. It says who holds it, and its time is renewed while they live: a lock
 * whose process has ended on this machine, or which was not renewed for a while, is taken over.
 *
 * @param id whose lock it is
 * @throws StoreError with failure `'locked'`
 */
export async function lockFile(file: string, id: string): Promise<StoreLock> {
  const self: Holder = { id, pid: process.pid, host: hostname() }
  for (let attempt = 0; !(await create(file, self)); attempt++) {
    const other = await readHolder(file)
    if (other !== undefined && (attempt >= attempts || !(await isAbandoned(file, other)))) {
      throw new StoreError(
        'locked',
        `Gradients are being written to this store by ${nameOf(other)}; ${file} says so.`,
      )
    }
    if (other !== undefined) await remove(file, other)
  }
  const timer = setInterval(() => {
    const now = new Date()
    // The next assertHeld tells of a lock that is gone.
    utimes(file, now, now).catch(() => undefined)
  }, renewalMs)
  timer.unref()
  const assertHeld = async (): Promise<void> => {
    const holder = await readHolder(file)
    if (holder?.id === self.id) return
    throw new StoreError(
      'locked',
      `The store was taken over by ${holder === undefined ? 'somebody' : nameOf(holder)} while gradients were being ` +
        'written; what is in it is whole.',
    )
  }
  return {
    assertHeld,
    release: async () => {
      clearInterval(timer)
      const holder = await readHolder(file)
      if (holder?.id === self.id) await rm(file, { force: true })
    },
  }
}

/** Who holds the lock of that file; undefined if nobody does. A lock that was abandoned is cleared away. */
export async function lockHolder(file: string): Promise<Holder | undefined> {
  const holder = await readHolder(file)
  if (holder === undefined || !(await isAbandoned(file, holder))) return holder
  await remove(file, holder)
  return undefined
}

const renewalMs = 5_000
/** Several renewals: a busy machine misses one. */
const abandonedAfterMs = 30_000
const attempts = 10

async function create(file: string, holder: Holder): Promise<boolean> {
  let handle
  try {
    handle = await open(file, 'wx')
  } catch (error) {
    if ((error as { code?: unknown }).code === 'EEXIST') return false
    throw error
  }
  try {
    await handle.writeFile(JSON.stringify(holder))
    return true
  } finally {
    await handle.close()
  }
}

/** Who holds the lock; undefined if there is none any more. One who was killed while taking it is nobody by name. */
async function readHolder(file: string): Promise<Holder | undefined> {
  let text
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const { id, pid, host } = JSON.parse(text) as Holder
    return { id, pid, host }
  } catch {
    return { id: '', pid: 0, host: '' }
  }
}

async function isAbandoned(file: string, { pid, host }: Holder): Promise<boolean> {
  if (host === hostname() && !isRunning(pid)) return true
  try {
    return Date.now() - (await stat(file)).mtimeMs > abandonedAfterMs
  } catch {
    return true
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as { code?: unknown }).code === 'EPERM'
  }
}

/** Removes that holder's lock, and no other's: two who find it abandoned at once may not both take the store. */
async function remove(file: string, holder: Holder): Promise<void> {
  const aside = `${file}.${randomUUID()}`
  try {
    await rename(file, aside)
  } catch {
    return
  }
  const taken = await readHolder(aside)
  if (taken?.id === holder.id) await rm(aside, { force: true })
  else await rename(aside, file)
}

export const nameOf = ({ pid, host }: Holder): string =>
  host === '' ? 'somebody else' : `process ${pid} on ${host}`

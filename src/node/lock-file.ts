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
 * Locks by creating a file, which only one process can do. The file names its owner, who renews its time. A lock is taken
 * over if its process on this machine has ended, or if it was not renewed for a while.
 *
 * @param id the owner
 * @throws StoreError with failure `'locked'`
 */
export async function acquireLockFile(file: string, id: string): Promise<StoreLock> {
  const self: Holder = { id, pid: process.pid, host: hostname() }
  for (let attempt = 0; !(await create(file, self)); attempt++) {
    const other = await readHolder(file)
    if (other !== undefined && (attempt >= attempts || !(await isAbandoned(file, other)))) {
      throw new StoreError(
        'locked',
        `Gradients are being written to this store by ${describeHolder(other)}, according to ${file}.`,
      )
    }
    if (other !== undefined) await remove(file, other)
  }
  const timer = setInterval(() => {
    const now = new Date()
    // If the file is gone, the next assertHeld fails.
    utimes(file, now, now).catch(() => undefined)
  }, renewalMs)
  timer.unref()
  const assertHeld = async (): Promise<void> => {
    const holder = await readHolder(file)
    if (holder?.id === self.id) return
    throw new StoreError(
      'locked',
      `The store was taken over by ${holder === undefined ? 'another writer' : describeHolder(holder)} while gradients ` +
        'were being written. The rows in it are intact.',
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

/** The owner of a lock, or undefined if there is none. An abandoned lock is removed. */
export async function findLockHolder(file: string): Promise<Holder | undefined> {
  const holder = await readHolder(file)
  if (holder === undefined || !(await isAbandoned(file, holder))) return holder
  await remove(file, holder)
  return undefined
}

const renewalMs = 5_000
/** Several renewals, since a busy machine may miss one. */
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

/** The owner of a lock, or undefined if there is none. It is empty if the process was killed while it wrote the file. */
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

/** Removes the lock of that owner only, so that two processes that find it abandoned can't both get it. */
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

export const describeHolder = ({ pid, host }: Holder): string =>
  host === '' ? 'another process' : `process ${pid} on ${host}`

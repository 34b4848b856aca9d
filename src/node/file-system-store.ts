import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, realpath, rename, rm, rmdir } from 'node:fs/promises'
import path from 'node:path'
import { StoreError } from '../errors.js'
import {
  type ByteRange,
  type ByteReadOptions,
  splitKey,
  type RowRange,
  type StoreLock,
  type WritableByteStore,
} from '../store/bytes/byte-store.js'
import { lockStore, listWriters } from './store-lock.js'

/** A store in a directory, for Node. The directory is created with the first write. */
export class FileSystemStore implements WritableByteStore {
  readonly #root: string
  #realRoot: Promise<string> | undefined
  /** Identifies the locks and unfinished files of this object. */
  readonly #id = randomUUID()
  #lockCount = 0
  readonly #directories = new Map<string, Promise<void>>()

  constructor(directory: string) {
    this.#root = path.resolve(directory)
  }

  get(
    key: string,
    { signal, maxByteLength = Infinity }: ByteReadOptions = {},
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#read(key, signal, (size) => {
      if (size > maxByteLength) throw createLengthError(key, size, maxByteLength)
      return { offset: 0, length: size }
    })
  }

  getRange(
    key: string,
    range: ByteRange,
    { signal, maxByteLength = Infinity }: ByteReadOptions = {},
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#read(key, signal, (size) => {
      const offset = 'offset' in range ? range.offset : Math.max(0, size - range.suffixLength)
      const end = 'offset' in range ? Math.min(size, offset + range.length) : size
      const length = Math.max(0, end - offset)
      if (length > maxByteLength) throw createLengthError(key, length, maxByteLength)
      return { offset, length }
    })
  }

  async set(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const target = path.join(this.#root, ...splitKey(key))
    const unfinished = path.join(this.#root, unfinishedDirectory, this.#id, randomUUID())
    try {
      await this.#ensureDirectory(path.dirname(unfinished))
      await this.#ensureDirectory(path.dirname(target))
      const file = await open(unfinished, 'wx')
      try {
        await file.writeFile(bytes)
        // Without this, a power failure could leave the file without its bytes.
        await file.datasync()
      } finally {
        await file.close()
      }
      await rename(unfinished, target)
    } catch (error) {
      // The next lock removes what remains.
      await rm(unfinished, { force: true }).catch(() => undefined)
      throw createWriteError(target, error)
    }
  }

  async list(folder: string): Promise<string[]> {
    try {
      return await readdir(await this.#resolveInside(path.join(this.#root, ...splitKey(folder))))
    } catch (error) {
      if (getCode(error) === 'ENOENT' || getCode(error) === 'ENOTDIR') return []
      throw createReadError(folder, error)
    }
  }

  /** Deletes a file, and its folder if that is empty. */
  async delete(key: string): Promise<void> {
    const file = path.join(this.#root, ...splitKey(key))
    try {
      await rm(file, { force: true })
    } catch (error) {
      throw createWriteError(file, error)
    }
    this.#directories.delete(path.dirname(file))
    if (path.dirname(file) !== this.#root) await rmdir(path.dirname(file)).catch(() => undefined)
  }

  async lock(rows?: RowRange): Promise<StoreLock> {
    // Other processes may have removed directories.
    this.#directories.clear()
    await this.#ensureDirectory(this.#root)
    const lock = await lockStore(this.#root, this.#id, rows)
    this.#lockCount++
    const release = async (): Promise<void> => {
      this.#lockCount--
      await lock.release()
    }
    try {
      await this.#clear()
    } catch (error) {
      await release()
      throw createWriteError(this.#root, error)
    }
    return {
      assertHeld: () => lock.assertHeld(),
      release: async () => {
        await release()
        await this.#clear()
      },
    }
  }

  /** Removes the unfinished files of writers that have ended. */
  async #clear(): Promise<void> {
    const unfinished = path.join(this.#root, unfinishedDirectory)
    let ids
    try {
      ids = await readdir(unfinished)
    } catch (error) {
      if (getCode(error) === 'ENOENT') return
      throw error
    }
    // Read after the folders, since a writer locks the store before it creates one.
    const writers = await listWriters(this.#root)
    for (const id of ids) {
      if (writers.has(id) || (id === this.#id && this.#lockCount > 0)) continue
      this.#directories.delete(path.join(unfinished, id))
      await rm(path.join(unfinished, id), { recursive: true, force: true })
    }
    // Fails if files of another writer remain, which is right.
    await rmdir(unfinished).catch(() => undefined)
  }

  async #read(
    key: string,
    signal: AbortSignal | undefined,
    part: (size: number) => { offset: number; length: number },
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    signal?.throwIfAborted()
    const named = path.join(this.#root, ...splitKey(key))
    let file
    try {
      file = await open(await this.#resolveInside(named), 'r')
    } catch (error) {
      if (getCode(error) === 'ENOENT' || getCode(error) === 'ENOTDIR') return undefined
      throw createReadError(named, error)
    }
    try {
      const { offset, length } = part((await file.stat()).size)
      const bytes = new Uint8Array(length)
      let filled = 0
      while (filled < length) {
        signal?.throwIfAborted()
        const { bytesRead } = await file.read(bytes, filled, length - filled, offset + filled)
        // The file was truncated while reading; the caller checks the length.
        if (bytesRead === 0) return bytes.slice(0, filled)
        filled += bytesRead
      }
      return bytes
    } catch (error) {
      signal?.throwIfAborted()
      throw createReadError(named, error)
    } finally {
      await file.close()
    }
  }

  /** The real path of a file. @throws StoreError if a symbolic link leads out of the store */
  async #resolveInside(file: string): Promise<string> {
    this.#realRoot ??= realpath(this.#root)
    let root
    try {
      root = await this.#realRoot
    } catch (error) {
      this.#realRoot = undefined
      throw error
    }
    const real = await realpath(file)
    if (real.startsWith(root + path.sep)) return real
    throw new StoreError('damaged', `${file} is a link to ${real}, outside of the store.`)
  }

  /** Creates a directory once, and checks that it is inside the store. */
  async #ensureDirectory(directory: string): Promise<void> {
    let made = this.#directories.get(directory)
    if (made === undefined) {
      made = this.#makeDirectory(directory)
      this.#directories.set(directory, made)
    }
    try {
      await made
    } catch (error) {
      this.#directories.delete(directory)
      throw createWriteError(directory, error)
    }
  }

  async #makeDirectory(directory: string): Promise<void> {
    await mkdir(directory, { recursive: true })
    if (directory !== this.#root) await this.#resolveInside(directory)
  }
}

/** Files that are being written; they are moved into place when they are complete. */
const unfinishedDirectory = '.unfinished'

const getCode = (error: unknown): unknown => (error as { readonly code?: unknown }).code

const getReason = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)

function createReadError(file: string, error: unknown): unknown {
  if (error instanceof StoreError) return error
  return new StoreError('unreachable', `${file} cannot be read: ${getReason(error)}.`, {
    cause: error,
  })
}

function createWriteError(file: string, error: unknown): unknown {
  if (error instanceof StoreError) return error
  if (fullCodes.includes(getCode(error))) {
    return new StoreError(
      'full',
      `${file} cannot be written, because the disk is full: ${getReason(error)}. Earlier rows are kept; free some ` +
        'space and call again to continue.',
      { cause: error },
    )
  }
  return new StoreError('unreachable', `${file} cannot be written: ${getReason(error)}.`, {
    cause: error,
  })
}

const fullCodes: readonly unknown[] = ['ENOSPC', 'EDQUOT', 'EFBIG']

const createLengthError = (key: string, got: number, most: number): StoreError =>
  new StoreError('damaged', `${key} of the store has ${got} bytes; expected no more than ${most}.`)

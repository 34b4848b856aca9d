import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, realpath, rename, rm, rmdir } from 'node:fs/promises'
import path from 'node:path'
import { StoreError } from '../errors.js'
import {
  type ByteRange,
  type ByteReadOptions,
  keyParts,
  type RowRange,
  type StoreLock,
  type WritableByteStore,
} from '../store/bytes/byte-store.js'
import { lockStore, writersOf } from './store-lock.js'

/** A store in a directory, for Node. The directory is made when the first bytes are written. */
export class FileSystemStore implements WritableByteStore {
  readonly #root: string
  #realRoot: Promise<string> | undefined
  /** By this its locks and its unfinished files are known. */
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
      if (size > maxByteLength) throw tooLong(key, size, maxByteLength)
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
      if (length > maxByteLength) throw tooLong(key, length, maxByteLength)
      return { offset, length }
    })
  }

  async set(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const target = path.join(this.#root, ...keyParts(key))
    const unfinished = path.join(this.#root, unfinishedDirectory, this.#id, randomUUID())
    try {
      await this.#ensureDirectory(path.dirname(unfinished))
      await this.#ensureDirectory(path.dirname(target))
      const file = await open(unfinished, 'wx')
      try {
        await file.writeFile(bytes)
        // Without it, a failure of power could leave the name without the bytes.
        await file.datasync()
      } finally {
        await file.close()
      }
      await rename(unfinished, target)
    } catch (error) {
      // What is left of it, the next lock clears away.
      await rm(unfinished, { force: true }).catch(() => undefined)
      throw writeError(target, error)
    }
  }

  async list(folder: string): Promise<string[]> {
    try {
      return await readdir(await this.#within(path.join(this.#root, ...keyParts(folder))))
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return []
      throw readError(folder, error)
    }
  }

  /** A folder that is empty afterwards goes as well. */
  async delete(key: string): Promise<void> {
    const file = path.join(this.#root, ...keyParts(key))
    try {
      await rm(file, { force: true })
    } catch (error) {
      throw writeError(file, error)
    }
    this.#directories.delete(path.dirname(file))
    if (path.dirname(file) !== this.#root) await rmdir(path.dirname(file)).catch(() => undefined)
  }

  async lock(rows?: RowRange): Promise<StoreLock> {
    // Others may have removed some since.
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
      throw writeError(this.#root, error)
    }
    return {
      assertHeld: () => lock.assertHeld(),
      release: async () => {
        await release()
        await this.#clear()
      },
    }
  }

  /** Removes the unfinished files of writers that were killed, or are done. */
  async #clear(): Promise<void> {
    const unfinished = path.join(this.#root, unfinishedDirectory)
    let ids
    try {
      ids = await readdir(unfinished)
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return
      throw error
    }
    // Read after the folders: whoever has one by now had a lock before.
    const writers = await writersOf(this.#root)
    for (const id of ids) {
      if (writers.has(id) || (id === this.#id && this.#lockCount > 0)) continue
      this.#directories.delete(path.join(unfinished, id))
      await rm(path.join(unfinished, id), { recursive: true, force: true })
    }
    // Not if another writer's are there.
    await rmdir(unfinished).catch(() => undefined)
  }

  async #read(
    key: string,
    signal: AbortSignal | undefined,
    part: (size: number) => { offset: number; length: number },
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    signal?.throwIfAborted()
    const named = path.join(this.#root, ...keyParts(key))
    let file
    try {
      file = await open(await this.#within(named), 'r')
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined
      throw readError(named, error)
    }
    try {
      const { offset, length } = part((await file.stat()).size)
      const bytes = new Uint8Array(length)
      let filled = 0
      while (filled < length) {
        signal?.throwIfAborted()
        const { bytesRead } = await file.read(bytes, filled, length - filled, offset + filled)
        // Whoever made it shorter meanwhile: the reader finds the length wrong.
        if (bytesRead === 0) return bytes.slice(0, filled)
        filled += bytesRead
      }
      return bytes
    } catch (error) {
      signal?.throwIfAborted()
      throw readError(named, error)
    } finally {
      await file.close()
    }
  }

  /** The file behind a name, which must not lead out of the store by a symbolic link. */
  async #within(file: string): Promise<string> {
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
    throw new StoreError('damaged', `${file} is a link that leads out of the store, to ${real}.`)
  }

  /** Makes a directory, once, and holds that it lies in the store. */
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
      throw writeError(directory, error)
    }
  }

  async #makeDirectory(directory: string): Promise<void> {
    await mkdir(directory, { recursive: true })
    if (directory !== this.#root) await this.#within(directory)
  }
}

/** Files on their way: they become the store's by being renamed. */
const unfinishedDirectory = '.unfinished'

const codeOf = (error: unknown): unknown => (error as { readonly code?: unknown }).code

const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)

function readError(file: string, error: unknown): unknown {
  if (error instanceof StoreError) return error
  return new StoreError('unreachable', `${file} cannot be read: ${reasonOf(error)}.`, {
    cause: error,
  })
}

function writeError(file: string, error: unknown): unknown {
  if (error instanceof StoreError) return error
  if (fullCodes.includes(codeOf(error))) {
    return new StoreError(
      'full',
      `${file} cannot be written, there is no room: ${reasonOf(error)}. What was written before stays; make room ` +
        'and call again, it goes on from there.',
      { cause: error },
    )
  }
  return new StoreError('unreachable', `${file} cannot be written: ${reasonOf(error)}.`, {
    cause: error,
  })
}

const fullCodes: readonly unknown[] = ['ENOSPC', 'EDQUOT', 'EFBIG']

const tooLong = (key: string, got: number, most: number): StoreError =>
  new StoreError('damaged', `${key} of the store has ${got} bytes; expected no more than ${most}.`)

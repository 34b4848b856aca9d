import { explainFailedImport } from '../../failed-import.js'
import { InvalidArgumentError, StoreError } from '../../errors.js'
import { describe } from '../../options.js'
import {
  type ByteRange,
  type ByteReadOptions,
  splitKey,
  type StoreLock,
  type WritableByteStore,
} from './byte-store.js'

/**
 * A store in the browser's origin private file system (OPFS). All pages and workers of a site share it. It needs a secure
 * context, and does not exist in a sandboxed frame.
 */
export class OpfsStore implements WritableByteStore {
  readonly #name: string
  readonly #directories = new Map<string, Promise<FileSystemDirectoryHandle>>()

  /** @param name the name of the store's directory */
  constructor(name: string) {
    if (typeof name !== 'string') throw new InvalidArgumentError('name', describe(name), 'a text')
    splitKey(name)
    this.#name = name
  }

  async get(
    key: string,
    { signal, maxByteLength = Infinity }: ByteReadOptions = {},
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const file = await this.#file(key, signal)
    if (file === undefined) return undefined
    if (file.size > maxByteLength) throw createLengthError(key, file.size, maxByteLength)
    return readBytes(file, key, signal)
  }

  async getRange(
    key: string,
    range: ByteRange,
    { signal, maxByteLength = Infinity }: ByteReadOptions = {},
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const file = await this.#file(key, signal)
    if (file === undefined) return undefined
    const offset = 'offset' in range ? range.offset : Math.max(0, file.size - range.suffixLength)
    const part = file.slice(offset, 'offset' in range ? offset + range.length : file.size)
    if (part.size > maxByteLength) throw createLengthError(key, part.size, maxByteLength)
    return readBytes(part, key, signal)
  }

  async set(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const parts = splitKey(key)
    try {
      const directory = await this.#directory(parts.slice(0, -1), true)
      const { writeFile } = await import('./opfs-write.js').catch(explainFailedImport)
      await writeFile(directory, parts.at(-1)!, bytes)
    } catch (error) {
      if (error instanceof StoreError) throw error
      throw createStoreError(key, 'written', error)
    }
  }

  /** Locks the store until it is released or the page or worker ends. */
  async lock(): Promise<StoreLock> {
    const { locks } = globalThis.navigator as { readonly locks?: LockManager }
    if (locks === undefined) throw createUnsupportedError('this browser or context')
    const locked = new Promise<() => void>((resolve, reject) => {
      const upload = (lock: Lock | null): Promise<void> | undefined => {
        if (lock !== null)
          return new Promise((release) => {
            resolve(release)
          })
        reject(
          new StoreError(
            'locked',
            `Gradients are being written to the store '${this.#name}' by another tab or worker of this site.`,
          ),
        )
        return undefined
      }
      locks.request(`gradlens:opfs:${this.#name}`, { ifAvailable: true }, upload).catch(reject)
    })
    const release = await locked
    return {
      assertHeld: () => Promise.resolve(),
      release: () => {
        release()
        return Promise.resolve()
      },
    }
  }

  async #file(key: string, signal: AbortSignal | undefined): Promise<File | undefined> {
    signal?.throwIfAborted()
    const parts = splitKey(key)
    try {
      const directory = await this.#directory(parts.slice(0, -1), false)
      const handle = await directory.getFileHandle(parts.at(-1)!)
      const file = await handle.getFile()
      // A file is created before its first bytes are written, so a crash in between leaves it empty.
      return file.size === 0 ? undefined : file
    } catch (error) {
      if (isNamed(error, 'NotFoundError')) return undefined
      if (error instanceof StoreError) throw error
      throw createStoreError(key, 'read', error)
    }
  }

  #directory(parts: readonly string[], create: boolean): Promise<FileSystemDirectoryHandle> {
    const name = parts.join('/')
    const known = this.#directories.get(name)
    if (known !== undefined) return known
    const parent =
      parts.length === 0 ? openOriginDirectory() : this.#directory(parts.slice(0, -1), create)
    const opening = parent.then((directory) =>
      directory.getDirectoryHandle(parts.at(-1) ?? this.#name, { create }),
    )
    this.#directories.set(name, opening)
    opening.catch(() => this.#directories.delete(name))
    return opening
  }
}

async function openOriginDirectory(): Promise<FileSystemDirectoryHandle> {
  const { storage } = globalThis.navigator as { readonly storage?: StorageManager }
  if (typeof storage?.getDirectory !== 'function')
    throw createUnsupportedError('this browser or context')
  try {
    return await storage.getDirectory()
  } catch (error) {
    if (isNamed(error, 'SecurityError')) throw createUnsupportedError('this frame', error)
    throw error
  }
}

async function readBytes(
  part: Blob,
  key: string,
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const bytes = new Uint8Array(await part.arrayBuffer())
    signal?.throwIfAborted()
    return bytes
  } catch (error) {
    signal?.throwIfAborted()
    throw createStoreError(key, 'read', error)
  }
}

const isNamed = (error: unknown, name: string): boolean =>
  error instanceof DOMException && error.name === name

const createUnsupportedError = (where: string, cause?: unknown): StoreError =>
  new StoreError(
    'unsupported',
    `The origin private file system is not available in ${where}; it needs https or localhost, and no sandbox. ` +
      'Use a MemoryStore or a server.',
    { cause },
  )

function createStoreError(key: string, done: 'read' | 'written', error: unknown): StoreError {
  if (isNamed(error, 'QuotaExceededError')) {
    return new StoreError(
      'full',
      `${key} cannot be written, because this site's storage is full. Earlier rows are kept; free some space (see ` +
        'navigator.storage.estimate()) and call again to continue.',
      { cause: error },
    )
  }
  const reason = error instanceof Error ? error.message : String(error)
  return new StoreError('unreachable', `${key} cannot be ${done}: ${reason}`, { cause: error })
}

const createLengthError = (key: string, got: number, most: number): StoreError =>
  new StoreError('damaged', `${key} of the store has ${got} bytes; expected no more than ${most}.`)

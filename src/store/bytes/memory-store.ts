import { StoreError } from '../../errors.js'
import {
  splitKey,
  type ByteRange,
  type RowRange,
  type StoreLock,
  type WritableByteStore,
} from './byte-store.js'

/** A store in the memory of this page or process. */
export class MemoryStore implements WritableByteStore {
  readonly #entries = new Map<string, Uint8Array<ArrayBuffer>>()
  readonly #locked = new Set<RowRange>()

  /** All keys, in the order in which they were first set. */
  keys(): string[] {
    return [...this.#entries.keys()]
  }

  get(key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return Promise.resolve(this.#entries.get(key)?.slice())
  }

  getRange(key: string, range: ByteRange): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const bytes = this.#entries.get(key)
    if (bytes === undefined) return Promise.resolve(undefined)
    const offset = 'offset' in range ? range.offset : bytes.length - range.suffixLength
    const end = 'offset' in range ? offset + range.length : bytes.length
    return Promise.resolve(bytes.slice(Math.max(offset, 0), end))
  }

  set(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    splitKey(key)
    this.#entries.set(key, bytes.slice())
    return Promise.resolve()
  }

  list(folder: string): Promise<string[]> {
    const start = `${folder}/`
    const names = this.keys().flatMap((key) =>
      key.startsWith(start) ? key.slice(start.length).split('/', 1) : [],
    )
    return Promise.resolve([...new Set(names)])
  }

  delete(key: string): Promise<void> {
    this.#entries.delete(key)
    return Promise.resolve()
  }

  lock(rows: RowRange = allRows): Promise<StoreLock> {
    const own = { ...rows }
    for (const { start, end } of this.#locked) {
      if (start >= own.end || own.start >= end) continue
      return Promise.reject(
        new StoreError('locked', 'Another writer is writing gradients to this MemoryStore.'),
      )
    }
    this.#locked.add(own)
    return Promise.resolve({
      assertHeld: () => Promise.resolve(),
      release: () => {
        this.#locked.delete(own)
        return Promise.resolve()
      },
    })
  }
}

const allRows: RowRange = { start: 0, end: Infinity }

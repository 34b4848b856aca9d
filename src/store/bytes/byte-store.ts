import { InvalidArgumentError } from '../../errors.js'
import { describe } from '../../options.js'

/** Bytes from `offset` on, or the last ones. */
export type ByteRange =
  { readonly offset: number; readonly length: number } | { readonly suffixLength: number }

export interface ByteReadOptions {
  readonly signal?: AbortSignal | undefined
  /** More bytes than these are not read: the store rejects with a StoreError. No limit if left out. */
  readonly maxByteLength?: number | undefined
  /** Passes over every cache: what came before was damaged. */
  readonly reload?: boolean | undefined
  /** What is read from end to end, this being a part of it, in bytes: a cache that has less room need not keep it. */
  readonly scanByteLength?: number | undefined
  /** Room for the bytes, for whoever can use it; it is not the caller's any more. */
  readonly buffer?: ArrayBuffer | undefined
}

/** Bytes by key, to be read. Keys are relative paths with `/` in between: `labels/c.0`. */
export interface ByteStore {
  /** The bytes, which are the caller's from then on; undefined if there are none under that key. */
  get(key: string, options?: ByteReadOptions): Promise<Uint8Array<ArrayBuffer> | undefined>
  /** As `get`, for a part of the bytes. Needed for sharded stores alone. */
  getRange?(
    key: string,
    range: ByteRange,
    options?: ByteReadOptions,
  ): Promise<Uint8Array<ArrayBuffer> | undefined>
}

/** Bytes by key, to be read and written. */
export interface WritableByteStore extends ByteStore {
  /**
   * Writes all the bytes, or none: whoever reads, even after a crash, finds the old ones or the new ones. Resolves when
   * they would outlast a crash; the array is the caller's again then.
   *
   * @throws StoreError with failure `'full'` if there is no room
   */
  set(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>
  /**
   * Keeps other writers out until it is released, or its holder dies: all of them, or those of the same rows. A store
   * without it cannot tell that it has two.
   *
   * @throws StoreError with failure `'locked'` if somebody else writes
   */
  lock?(rows?: RowRange): Promise<StoreLock>
  /** The names in a folder, in no order; none if there is no such folder. Needed to write ranges of rows alone. */
  list?(folder: string): Promise<string[]>
  /** Removes what is under the key, if anything is. Needed as `list` is. */
  delete?(key: string): Promise<void>
}

/** Rows from `start` to `end` − 1. */
export interface RowRange {
  readonly start: number
  readonly end: number
}

export interface StoreLock {
  /** @throws StoreError if somebody else has taken the store over */
  assertHeld(): Promise<void>
  release(): Promise<void>
}

/**
 * The parts of a key.
 *
 * @throws InvalidArgumentError for a key that could lead out of the store
 */
export function keyParts(key: string): string[] {
  const parts = key.split('/')
  if (parts.every((part) => partPattern.test(part) && part !== '.' && part !== '..')) return parts
  throw new InvalidArgumentError(
    'key',
    describe(key),
    "a relative path of letters, digits, '-', '_' and '.', none of its parts '.' or '..'",
  )
}

const partPattern = /^[\w.-]+$/

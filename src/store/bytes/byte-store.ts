import { InvalidArgumentError } from '../../errors.js'
import { describe } from '../../options.js'

/** A range of bytes: `length` bytes from `offset`, or the last `suffixLength` bytes. */
export type ByteRange =
  { readonly offset: number; readonly length: number } | { readonly suffixLength: number }

/** Options of reads from a byte store. */
export interface ByteReadOptions {
  /** Ends the read: it rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined
  /** The store rejects with a StoreError if there are more bytes than these. No limit by default. */
  readonly maxByteLength?: number | undefined
  /** Bypasses every cache, because an earlier answer was damaged. */
  readonly reload?: boolean | undefined
  /** How many bytes are read in sequence, with this read as a part. A smaller cache need not keep them. */
  readonly scanByteLength?: number | undefined
  /** A buffer that the store may use for the bytes. The caller gives up its ownership. */
  readonly buffer?: ArrayBuffer | undefined
}

/** Reads bytes by key. Keys are relative paths with `/`: `labels/c.0`. */
export interface ByteStore {
  /** The bytes, which the caller owns, or undefined if the key does not exist. */
  get(key: string, options?: ByteReadOptions): Promise<Uint8Array<ArrayBuffer> | undefined>
  /** Like `get`, for a part of the bytes. Needed only for sharded stores. */
  getRange?(
    key: string,
    range: ByteRange,
    options?: ByteReadOptions,
  ): Promise<Uint8Array<ArrayBuffer> | undefined>
  /** Returns the address of a key, for messages. Left out by a store without addresses. */
  locate?(key: string): string
}

/** Reads and writes bytes by key. */
export interface WritableByteStore extends ByteStore {
  /**
   * Writes all bytes or none: a reader finds the old or the new ones, even after a crash. Resolves when the bytes would
   * outlast a crash; until then the caller must not change the array.
   *
   * @throws StoreError with failure `'full'` if there is not enough space
   */
  set(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>
  /**
   * Excludes other writers, or other writers of the same rows, until the lock is released or its process ends. A store
   * without locks cannot detect a second writer.
   *
   * @throws StoreError with failure `'locked'` if there is another writer
   */
  lock?(rows?: RowRange): Promise<StoreLock>
  /** The names in a folder, in any order; none if it does not exist. Needed only to write ranges of rows. */
  list?(folder: string): Promise<string[]>
  /** Deletes the key, if it exists. Needed only to write ranges of rows. */
  delete?(key: string): Promise<void>
}

/** Rows from `start` to `end` − 1. */
export interface RowRange {
  readonly start: number
  readonly end: number
}

/** The right to write to a store, which one writer has at a time. */
export interface StoreLock {
  /** @throws StoreError if another writer has taken over the store */
  assertHeld(): Promise<void>
  /** Ends the right, so that another writer can have it. */
  release(): Promise<void>
}

/**
 * Splits a key into its parts.
 *
 * @throws InvalidArgumentError for a key that could lead out of the store
 */
export function splitKey(key: string): string[] {
  const parts = key.split('/')
  if (parts.every((part) => partPattern.test(part) && part !== '.' && part !== '..')) return parts
  throw new InvalidArgumentError(
    'key',
    describe(key),
    "a relative path of letters, digits, '-', '_' and '.', none of its parts '.' or '..'",
  )
}

const partPattern = /^[\w.-]+$/

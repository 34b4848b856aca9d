import { InvalidArgumentError } from '../../errors.js'
import { describe, assertKnownKeys, readNonNegativeNumber } from '../../options.js'
import { ByteCache } from './byte-cache.js'
import { type ByteRange, type ByteReadOptions, type ByteStore, keyParts } from './byte-store.js'
import type { HttpRequest } from './http-request.js'
import { withRetries } from './retry.js'
import { SharedRequests } from './shared-requests.js'

export interface HttpStoreOptions {
  /** What every request has: headers, credentials. */
  readonly requestInit?: RequestInit | undefined
  /** How often a request is repeated that failed for a reason that may pass: 4. */
  readonly retries?: number | undefined
  /** The longest wait before the first repetition, doubled with each: 250. */
  readonly retryDelayMs?: number | undefined
  /** A try during which nothing comes for so long has failed: 30,000. */
  readonly timeoutMs?: number | undefined
  /** What is kept of the answers, those used last: 64 MiB. */
  readonly cacheByteLength?: number | undefined
}

/**
 * A store behind an address, to be read. Tries again what may pass (no connection, a body that breaks off, the
 * statuses 408, 429 and 5xx, with the server's Retry-After); callers who want the same share one request.
 */
export class HttpStore implements ByteStore {
  readonly #url: URL
  readonly #init: RequestInit
  readonly #retries: number
  readonly #retryDelayMs: number
  readonly #timeoutMs: number
  readonly #cache: ByteCache
  readonly #requests = new SharedRequests<Uint8Array<ArrayBuffer> | undefined>()

  /** @param url the address of the store's directory; in a page it may be relative */
  constructor(url: string | URL, options: HttpStoreOptions = {}) {
    assertKnownKeys('options', options, [
      'requestInit',
      'retries',
      'retryDelayMs',
      'timeoutMs',
      'cacheByteLength',
    ])
    this.#url = directoryUrl(url)
    this.#init = options.requestInit ?? {}
    this.#retries = readNonNegativeNumber('retries', options.retries ?? 4)
    this.#retryDelayMs = readNonNegativeNumber('retryDelayMs', options.retryDelayMs ?? 250)
    this.#timeoutMs = readNonNegativeNumber('timeoutMs', options.timeoutMs ?? 30_000)
    const capacity = options.cacheByteLength ?? 64 * 2 ** 20
    this.#cache = new ByteCache(readNonNegativeNumber('cacheByteLength', capacity))
  }

  get(key: string, options: ByteReadOptions = {}): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#read(key, undefined, options)
  }

  getRange(
    key: string,
    range: ByteRange,
    options: ByteReadOptions = {},
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#read(key, range, options)
  }

  async #read(
    key: string,
    range: ByteRange | undefined,
    options: ByteReadOptions,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const { signal, maxByteLength = Infinity, reload = false, scanByteLength = 0 } = options
    signal?.throwIfAborted()
    const name = `${key} ${JSON.stringify(range ?? null)}`
    const kept = reload ? undefined : this.#cache.get(name)
    if (kept !== undefined && kept.length <= maxByteLength) return kept.slice()
    const { result: bytes, isShared } = await this.#requests.run(
      `${name} ${maxByteLength} ${String(reload)}`,
      (shared) => this.#request(key, range, { ...options, maxByteLength, reload, signal: shared }),
      signal,
    )
    if (bytes === undefined) return undefined
    // Of what is read from end to end the cache would have lost each part before it is wanted again.
    const isKept = Math.max(bytes.length, scanByteLength) <= this.#cache.capacity
    if (isKept) this.#cache.set(name, bytes)
    else if (reload) this.#cache.delete(name)
    // The bytes are each caller's own.
    return isKept || isShared ? bytes.slice() : bytes
  }

  async #request(
    key: string,
    range: ByteRange | undefined,
    limits: Pick<HttpRequest, 'maxByteLength' | 'reload' | 'signal'> & ByteReadOptions,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const { maxByteLength, reload, signal } = limits
    const { request } = await import('./http-request.js')
    // The first try takes it along.
    let { buffer } = limits
    const url = new URL(keyParts(key).join('/'), this.#url)
    // What signs an address, signs all that is below it.
    url.search = this.#url.search
    return withRetries(
      () => {
        const room = buffer
        buffer = undefined
        return request({
          url,
          range,
          maxByteLength,
          buffer: room,
          reload,
          timeoutMs: this.#timeoutMs,
          init: this.#init,
          signal,
        })
      },
      { retries: this.#retries, retryDelayMs: this.#retryDelayMs, signal },
    )
  }
}

function directoryUrl(url: string | URL): URL {
  const base = (globalThis as { readonly document?: { readonly baseURI: string } }).document
    ?.baseURI
  const given = URL.canParse(String(url), base) ? new URL(url, base) : undefined
  if (given?.protocol !== 'http:' && given?.protocol !== 'https:') {
    throw new InvalidArgumentError('url', describe(String(url)), 'an address of http or https')
  }
  if (!given.pathname.endsWith('/')) given.pathname += '/'
  return given
}

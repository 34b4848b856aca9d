import { explainFailedImport } from '../../failed-import.js'
import { InvalidArgumentError } from '../../errors.js'
import { describe, assertKnownKeys, readNonNegativeNumber } from '../../options.js'
import { ByteCache } from './byte-cache.js'
import { type ByteRange, type ByteReadOptions, type ByteStore, splitKey } from './byte-store.js'
import type { HttpRequest } from './http-request.js'
import { withRetries } from './retry.js'
import { SharedRequests } from './shared-requests.js'

/** Options of an HttpStore. */
export interface HttpStoreOptions {
  /** Options of every request, such as headers and credentials. */
  readonly requestInit?: RequestInit | undefined
  /** How often a request is repeated after a temporary failure: 4. */
  readonly retries?: number | undefined
  /** The longest wait before the first repetition, in milliseconds: 250. It doubles with each. */
  readonly retryDelayMs?: number | undefined
  /** An attempt fails if no data arrives for this long, in milliseconds. Default 30,000. */
  readonly timeoutMs?: number | undefined
  /** The size of the cache of answers, in bytes: 64 MiB. */
  readonly cacheByteLength?: number | undefined
}

/**
 * A read-only store at a URL. Temporary failures are retried: no connection, a truncated body, and the statuses 408, 429
 * and 5xx, with the server's Retry-After. Callers that read the same bytes share one request.
 */
export class HttpStore implements ByteStore {
  readonly #url: URL
  readonly #init: RequestInit
  readonly #retries: number
  readonly #retryDelayMs: number
  readonly #timeoutMs: number
  readonly #cache: ByteCache
  readonly #requests = new SharedRequests<Uint8Array<ArrayBuffer> | undefined>()

  /** @param url the URL of the store's directory; in a page it may be relative */
  constructor(url: string | URL, options: HttpStoreOptions = {}) {
    assertKnownKeys('options', options, [
      'requestInit',
      'retries',
      'retryDelayMs',
      'timeoutMs',
      'cacheByteLength',
    ])
    this.#url = parseDirectoryUrl(url)
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

  locate(key: string): string {
    return this.#locate(key).href
  }

  #locate(key: string): URL {
    const url = new URL(splitKey(key).join('/'), this.#url)
    // A signature in the URL covers all files below it.
    url.search = this.#url.search
    return url
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
    // In a scan larger than the cache, each part would be evicted before it is read again.
    const isKept = Math.max(bytes.length, scanByteLength) <= this.#cache.capacity
    if (isKept) this.#cache.set(name, bytes)
    else if (reload) this.#cache.delete(name)
    // Each caller owns its bytes.
    return isKept || isShared ? bytes.slice() : bytes
  }

  async #request(
    key: string,
    range: ByteRange | undefined,
    limits: Pick<HttpRequest, 'maxByteLength' | 'reload' | 'signal'> & ByteReadOptions,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const { maxByteLength, reload, signal } = limits
    const { request } = await import('./http-request.js').catch(explainFailedImport)
    // The first attempt consumes it.
    let { buffer } = limits
    const url = this.#locate(key)
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

function parseDirectoryUrl(url: string | URL): URL {
  const base = (globalThis as { readonly document?: { readonly baseURI: string } }).document
    ?.baseURI
  const given = URL.canParse(String(url), base) ? new URL(url, base) : undefined
  if (given?.protocol !== 'http:' && given?.protocol !== 'https:') {
    throw new InvalidArgumentError('url', describe(String(url)), 'a URL with http or https')
  }
  if (!given.pathname.endsWith('/')) given.pathname += '/'
  return given
}

import { StoreError } from '../../errors.js'
import type { ByteRange } from './byte-store.js'
import { explainForbidden, isForbidden } from './cross-origin.js'
import { readBody } from './http-body.js'
import { PassingFailure } from './retry.js'

export interface HttpRequest {
  readonly url: URL
  readonly range: ByteRange | undefined
  readonly maxByteLength: number
  /** A buffer for the bytes. */
  readonly buffer: ArrayBuffer | undefined
  readonly reload: boolean
  readonly timeoutMs: number
  readonly init: RequestInit
  readonly signal: AbortSignal
}

/**
 * Makes one attempt: the bytes, or undefined if the server doesn't have them.
 *
 * @throws PassingFailure if another attempt may succeed; StoreError if not
 */
export async function request(options: HttpRequest): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { url, range, reload, timeoutMs, init, signal } = options
  const controller = new AbortController()
  const onAbort = (): void => {
    controller.abort(signal.reason)
  }
  signal.addEventListener('abort', onAbort, { once: true })
  let cameAt = performance.now()
  const onProgress = (): void => {
    cameAt = performance.now()
  }
  const onTimer = (): void => {
    const leftMs = cameAt + timeoutMs - performance.now()
    if (leftMs <= 0) controller.abort(new Error(`no data received for ${timeoutMs} ms`))
    else timer = setTimeout(onTimer, leftMs)
  }
  let timer = setTimeout(onTimer, timeoutMs)
  try {
    signal.throwIfAborted()
    const headers = new Headers(init.headers)
    if (range !== undefined) headers.set('Range', formatRangeHeader(range))
    const response = await fetch(url, {
      ...init,
      headers,
      ...(reload ? { cache: 'reload' } : {}),
      signal: controller.signal,
    })
    return await readAnswer(response, options, onProgress)
  } catch (error) {
    if (error instanceof StoreError || error instanceof PassingFailure) throw error
    // fetch only says "Failed to fetch"; in Node the cause has the reason.
    if (await isForbidden(url, controller.signal)) {
      throw createUnreachableError(url, explainForbidden(url), undefined, error)
    }
    const { message, cause } = error as Error
    const reason = cause instanceof Error ? cause.message : message
    throw new PassingFailure(createUnreachableError(url, reason, undefined, error))
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
    // Cancels a body that was not read to its end.
    controller.abort()
  }
}

async function readAnswer(
  response: Response,
  { url, range, maxByteLength, buffer }: HttpRequest,
  onProgress: () => void,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { status } = response
  if (status === 404 || status === 410) return undefined
  if (!response.ok) {
    const error = createUnreachableError(
      url,
      `the server answered ${`${status} ${response.statusText}`.trim()}`,
      status,
    )
    if (status >= 500 || status === 408 || status === 429) {
      throw new PassingFailure(error, parseRetryAfter(response))
    }
    throw error
  }
  try {
    const bytes = await readBody(response, range, { maxByteLength, buffer, onProgress })
    return isPageForJson(url, bytes) ? undefined : bytes
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    throw new StoreError(error.failure, `${url.href}: ${error.message}`, { status, cause: error })
  }
}

/** Servers of single-page apps answer with a page, and status 200, where a file is missing. JSON has no `<` in front. */
function isPageForJson({ pathname }: URL, bytes: Uint8Array): boolean {
  if (!pathname.endsWith('.json')) return false
  return new TextDecoder().decode(bytes.subarray(0, 100)).trimStart().startsWith('<')
}

const formatRangeHeader = (range: ByteRange): string =>
  'suffixLength' in range
    ? `bytes=-${range.suffixLength}`
    : `bytes=${range.offset}-${range.offset + range.length - 1}`

/** Retry-After in milliseconds; the header has seconds or a date (RFC 9110, 10.2.3). */
function parseRetryAfter({ headers }: Response): number | undefined {
  const value = headers.get('Retry-After')
  if (value === null) return undefined
  const seconds = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds)
}

const createUnreachableError = (
  url: URL,
  reason: string,
  status?: number,
  cause?: unknown,
): StoreError =>
  new StoreError('unreachable', `${url.href} cannot be read: ${reason}.`, { status, cause })

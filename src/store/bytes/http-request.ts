import { StoreError } from '../../errors.js'
import type { ByteRange } from './byte-store.js'
import { forbiddenReason, isForbidden } from './cross-origin.js'
import { readBody } from './http-body.js'
import { PassingFailure } from './retry.js'

export interface HttpRequest {
  readonly url: URL
  readonly range: ByteRange | undefined
  readonly maxByteLength: number
  /** Room for the bytes. */
  readonly buffer: ArrayBuffer | undefined
  readonly reload: boolean
  readonly timeoutMs: number
  readonly init: RequestInit
  readonly signal: AbortSignal
}

/**
 * One try: the bytes, or undefined where the server has none.
 *
 * @throws PassingFailure if the next try may bring them; StoreError if not
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
    if (leftMs <= 0) controller.abort(new Error(`nothing came for ${timeoutMs} ms`))
    else timer = setTimeout(onTimer, leftMs)
  }
  let timer = setTimeout(onTimer, timeoutMs)
  try {
    signal.throwIfAborted()
    const headers = new Headers(init.headers)
    if (range !== undefined) headers.set('Range', rangeHeader(range))
    const response = await fetch(url, {
      ...init,
      headers,
      ...(reload ? { cache: 'reload' } : {}),
      signal: controller.signal,
    })
    return await answer(response, options, onProgress)
  } catch (error) {
    if (error instanceof StoreError || error instanceof PassingFailure) throw error
    // fetch says no more than "Failed to fetch"; in Node the cause says what.
    if (await isForbidden(url, controller.signal)) {
      throw unreachable(url, forbiddenReason(url), undefined, error)
    }
    const { message, cause } = error as Error
    const reason = cause instanceof Error ? cause.message : message
    throw new PassingFailure(unreachable(url, reason, undefined, error))
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
    // A body that was not read to its end is let go.
    controller.abort()
  }
}

async function answer(
  response: Response,
  { url, range, maxByteLength, buffer }: HttpRequest,
  onProgress: () => void,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { status } = response
  if (status === 404 || status === 410) return undefined
  if (!response.ok) {
    const error = unreachable(
      url,
      `the server answered ${`${status} ${response.statusText}`.trim()}`,
      status,
    )
    if (status >= 500 || status === 408 || status === 429) {
      throw new PassingFailure(error, retryAfterMs(response))
    }
    throw error
  }
  try {
    return await readBody(response, range, { maxByteLength, buffer, onProgress })
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    throw new StoreError(error.failure, `${url.href}: ${error.message}`, { status, cause: error })
  }
}

const rangeHeader = (range: ByteRange): string =>
  'suffixLength' in range
    ? `bytes=-${range.suffixLength}`
    : `bytes=${range.offset}-${range.offset + range.length - 1}`

/** Seconds, or a date (RFC 9110, 10.2.3). */
function retryAfterMs({ headers }: Response): number | undefined {
  const value = headers.get('Retry-After')
  if (value === null) return undefined
  const seconds = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds)
}

const unreachable = (url: URL, reason: string, status?: number, cause?: unknown): StoreError =>
  new StoreError('unreachable', `${url.href} cannot be read: ${reason}.`, { status, cause })

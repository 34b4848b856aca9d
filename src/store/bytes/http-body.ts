import { StoreError } from '../../errors.js'
import { BodyReader } from './body-reader.js'
import type { ByteRange } from './byte-store.js'

export interface BodyOptions {
  /** Used for the bytes if it has the right length. */
  readonly buffer: ArrayBuffer | undefined
  readonly onProgress: () => void
}

/**
 * Reads the requested bytes. A server that ignores the range and sends everything costs time, but works.
 *
 * @throws StoreError if the body differs from the headers or is too long; the platform's error if the connection breaks
 */
export async function readBody(
  response: Response,
  range: ByteRange | undefined,
  { maxByteLength, ...options }: BodyOptions & { readonly maxByteLength: number },
): Promise<Uint8Array<ArrayBuffer>> {
  const sent = parseContentLength(response)
  const announced = isSentAsRead(response) ? sent : undefined
  if (range === undefined) {
    if (response.status === 206) {
      throw new StoreError('damaged', 'got a part of the file, status 206; expected all of it.')
    }
    if (announced !== undefined && announced > maxByteLength)
      throw createLengthError(announced, maxByteLength)
    const expected = sent ?? guessedLength
    const { bytes, isWhole } = await readPart(response, [0, maxByteLength], expected, options)
    if (!isWhole) throw createLengthError(undefined, maxByteLength)
    if (announced === undefined || announced === bytes.length) return bytes
    throw createLengthMismatch(bytes.length, announced)
  }
  const length = 'suffixLength' in range ? range.suffixLength : range.length
  if (length > maxByteLength) throw createLengthError(length, maxByteLength)
  let skipped = 0
  if (response.status === 206) {
    checkContentRange(response, range)
  } else if ('offset' in range) {
    skipped = range.offset
  } else {
    if (announced === undefined) {
      throw new StoreError(
        'unsupported',
        'the server answers a request for the last bytes with the whole file, and does not send its length; use a server ' +
          'that supports range requests.',
      )
    }
    skipped = Math.max(0, announced - length)
  }
  const { bytes } = await readPart(response, [skipped, length], length, options)
  if (bytes.length === length) return bytes
  throw createLengthMismatch(bytes.length, length)
}

/** Reads at most `most` bytes of the body from `skipped` on; `isWhole` is true if the body ended there. */
async function readPart(
  response: Response,
  [skipped, most]: readonly [number, number],
  expected: number,
  { buffer, onProgress }: BodyOptions,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; isWhole: boolean }> {
  const reader = new BodyReader(response)
  const next = async (into: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> => {
    const part = await reader.read(into)
    onProgress()
    return part
  }
  let scratch = new Uint8Array(Math.min(skipped, guessedLength))
  for (let toSkip = skipped; toSkip > 0;) {
    const part = await next(scratch.subarray(0, toSkip))
    if (part.length === 0) return { bytes: part.slice(), isWhole: true }
    toSkip -= part.length
    scratch = new Uint8Array(part.buffer)
  }
  const size = Math.min(expected, most)
  let bytes = buffer?.byteLength === size ? new Uint8Array(buffer) : new Uint8Array(size)
  let length = 0
  for (;;) {
    if (length < bytes.length) {
      const part = await next(bytes.subarray(length))
      bytes = new Uint8Array(part.buffer)
      length += part.length
      if (part.length === 0) return { bytes: bytes.slice(0, length), isWhole: true }
      continue
    }
    const further = await next(new Uint8Array(1))
    if (further.length === 0) return { bytes, isWhole: true }
    if (length === most) return { bytes, isWhole: false }
    const grown = new Uint8Array(Math.min(most, Math.max(2 * length, guessedLength)))
    grown.set(bytes)
    grown.set(further, length++)
    bytes = grown
  }
}

/** For a body of unknown length. */
const guessedLength = 65_536

/** The Content-Length: the length of the body as it was sent. */
function parseContentLength({ headers }: Response): number | undefined {
  const length = headers.get('Content-Length')
  return length !== null && /^\d+$/.test(length) ? Number(length) : undefined
}

/** True if that is also the length of the decoded body. Pages can't see the Content-Encoding of another origin. */
const isSentAsRead = ({ headers, type }: Response): boolean =>
  type !== 'cors' && !headers.has('Content-Encoding')

/** Compares the range with the request. Other origins may hide the header; then only the length is checked. */
function checkContentRange({ headers }: Response, range: ByteRange): void {
  const value = headers.get('Content-Range')
  if (value === null) return
  const match = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(value)
  const [first, last, size] = (match ?? []).slice(1).map(Number)
  const isAsked =
    'offset' in range
      ? first === range.offset && last === range.offset + range.length - 1
      : last === size! - 1 && first === last + 1 - range.suffixLength
  if (isAsked) return
  const asked =
    'offset' in range
      ? `${range.length} bytes from ${range.offset}`
      : `the last ${range.suffixLength} bytes`
  throw new StoreError('damaged', `got the range '${value}'; expected ${asked}.`)
}

const createLengthMismatch = (got: number, expected: number): StoreError =>
  new StoreError('damaged', `got ${got} bytes; expected ${expected}.`)

const createLengthError = (got: number | undefined, most: number): StoreError =>
  new StoreError(
    'damaged',
    `got ${got === undefined ? 'more' : `${got} bytes`}; expected no more than ${most} bytes.`,
  )

import { StoreError } from '../../errors.js'
import { BodyReader } from './body-reader.js'
import type { ByteRange } from './byte-store.js'

export interface BodyOptions {
  /** Room for the bytes; used if it is of their length. */
  readonly buffer: ArrayBuffer | undefined
  readonly onProgress: () => void
}

/**
 * The bytes that were asked for. A server that ignores the range and sends everything costs time, and gives the same.
 *
 * @throws StoreError if the body is not what the headers say, or longer than it may be; what breaks off in the middle
 *   rejects as the platform has it
 */
export async function readBody(
  response: Response,
  range: ByteRange | undefined,
  { maxByteLength, ...options }: BodyOptions & { readonly maxByteLength: number },
): Promise<Uint8Array<ArrayBuffer>> {
  const sent = sentLength(response)
  const announced = isSentAsRead(response) ? sent : undefined
  if (range === undefined) {
    if (response.status === 206) {
      throw new StoreError('damaged', 'got a part, status 206; expected all of it.')
    }
    if (announced !== undefined && announced > maxByteLength)
      throw tooLong(announced, maxByteLength)
    const expected = sent ?? guessedLength
    const { bytes, isWhole } = await readPart(response, [0, maxByteLength], expected, options)
    if (!isWhole) throw tooLong(undefined, maxByteLength)
    if (announced === undefined || announced === bytes.length) return bytes
    throw wrongLength(bytes.length, announced)
  }
  const length = 'suffixLength' in range ? range.suffixLength : range.length
  if (length > maxByteLength) throw tooLong(length, maxByteLength)
  let skipped = 0
  if (response.status === 206) {
    checkContentRange(response, range)
  } else if ('offset' in range) {
    skipped = range.offset
  } else {
    if (announced === undefined) {
      throw new StoreError(
        'unsupported',
        'the server answers requests for the last bytes with all of them, and does not say how many there are; ' +
          'use one that knows range requests.',
      )
    }
    skipped = Math.max(0, announced - length)
  }
  const { bytes } = await readPart(response, [skipped, length], length, options)
  if (bytes.length === length) return bytes
  throw wrongLength(bytes.length, length)
}

/** The body from `skipped` on, `most` bytes at most, and whether that was all. */
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

/** Of a body that does not say how long it is. */
const guessedLength = 65_536

/** What Content-Length says, of the body as it was sent. */
function sentLength({ headers }: Response): number | undefined {
  const length = headers.get('Content-Length')
  return length !== null && /^\d+$/.test(length) ? Number(length) : undefined
}

/** Whether it speaks of the body as it will be read: a page does not see the Content-Encoding of another origin. */
const isSentAsRead = ({ headers, type }: Response): boolean =>
  type !== 'cors' && !headers.has('Content-Encoding')

/** Of another origin the header may be hidden: then the length alone is held to what was asked. */
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

const wrongLength = (got: number, expected: number): StoreError =>
  new StoreError('damaged', `got ${got} bytes; expected ${expected}.`)

const tooLong = (got: number | undefined, most: number): StoreError =>
  new StoreError(
    'damaged',
    `got ${got === undefined ? 'more' : `${got} bytes`}; expected no more than ${most} bytes.`,
  )

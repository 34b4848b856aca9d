import { InvalidArgumentError } from '../errors.js'
import { isRecord } from '../is-record.js'
import { describe } from '../options.js'
import { type Dtype, getElementSize, isDtype, isLength } from './array-formats.js'

/** Where an array is, in bytes from the start of the data. */
export interface ArrayPlace {
  readonly dtype: Dtype
  readonly shape: readonly number[]
  readonly start: number
  /** In elements. */
  readonly length: number
}

const metadataKeys = ['checksum', 'explanation', 'format', 'gradlens', 'side', 'version'] as const

export type FrameMetadata = Readonly<Record<(typeof metadataKeys)[number], string>>

interface Header {
  readonly metadata: FrameMetadata
  /** By name, in the order of the bytes. */
  readonly places: ReadonlyMap<string, ArrayPlace>
  /** Where the data begins, in bytes from the start of the frame. */
  readonly dataStart: number
}

/** The longest header that safetensors allows, in bytes. */
const longestHeader = 100_000_000
const mostAxes = 64

/**
 * Reads the header of a frame, and compares the places of the arrays with the length of the frame.
 *
 * @throws InvalidArgumentError if it isn't the header of a complete frame
 */
export function readHeader(frame: Uint8Array): Header {
  if (frame.length < 8) throw createFrameError(`${frame.length} bytes`, 'at least 8')
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  const headerLength = Number(view.getBigUint64(0, true))
  const dataStart = 8 + headerLength
  if (headerLength > longestHeader || dataStart > frame.length) {
    throw createFrameError(
      `a header of ${headerLength} bytes in a file of ${frame.length}`,
      'a complete safetensors file',
    )
  }
  if (dataStart % 8 !== 0) {
    throw createFrameError(`a header of ${headerLength} bytes`, 'a multiple of 8')
  }
  const { __metadata__: metadata, ...members } = parseHeader(frame.subarray(8, dataStart))
  const places = new Map<string, ArrayPlace>()
  let end = 0
  for (const [name, member] of Object.entries(members)) {
    const place = readMember(name, member, end)
    end += place.length * getElementSize(place.dtype)
    places.set(name, place)
  }
  if (dataStart + end !== frame.length) {
    const expected = `${dataStart + end}, by its header; save or download the file again`
    throw createFrameError(`${frame.length} bytes`, expected)
  }
  if (!isMetadata(metadata)) {
    const expected = `a frame, whose __metadata__ has the texts ${metadataKeys.join(', ')}`
    throw createFrameError('another safetensors file', expected)
  }
  return { metadata, places, dataStart }
}

/** An error about a frame, with what to do. */
export function createFrameError(
  got: string,
  expected: string,
  cause?: unknown,
): InvalidArgumentError {
  return new InvalidArgumentError('frame', got, expected, cause === undefined ? {} : { cause })
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch (cause) {
    throw createFrameError('a header that is not JSON', 'a safetensors file', cause)
  }
  if (isRecord(header)) return header
  throw createFrameError(`the header ${describe(header)}`, 'an object')
}

function readMember(name: string, member: unknown, end: number): ArrayPlace {
  const { dtype, shape, data_offsets: offsets } = isRecord(member) ? member : {}
  if (!isDtype(dtype)) {
    const expected = 'F64, F32, F16, BF16, BOOL, or integers of 8 to 64 bits, such as I32'
    throw createFrameError(`the type ${describe(dtype)} of ${describe(name)}`, expected)
  }
  if (!Array.isArray(shape) || shape.length > mostAxes || !shape.every(isLength)) {
    throw createFrameError(`the shape of ${describe(name)}`, `at most ${mostAxes} lengths of axes`)
  }
  // Without a product beyond 2⁵³ that happens to be rounded to the length.
  const length = shape.includes(0) ? 0 : shape.reduce((product, axis) => product * axis, 1)
  const size = length * getElementSize(dtype)
  const [first, last] = Array.isArray(offsets) ? (offsets as unknown[]) : []
  if (!Number.isSafeInteger(end + size) || first !== end || last !== end + size) {
    throw createFrameError(
      `bytes ${String(first)} to ${String(last)} for ${describe(name)}, of shape [${shape.join(', ')}]`,
      `${end} to ${end + size}`,
    )
  }
  return { dtype, shape, start: end, length }
}

function isMetadata(value: unknown): value is FrameMetadata {
  return isRecord(value) && metadataKeys.every((key) => typeof value[key] === 'string')
}

import { InvalidArgumentError, isGradlensError } from '../errors.js'
import { createExplanation, type ExplanationMeta } from '../explanation.js'
import { mapFields, toCamelCase } from '../explanation/fields.js'
import { isRecord } from '../is-record.js'
import type { NdArray } from '../ndarray.js'
import { describe } from '../options.js'
import { readArray } from './array-formats.js'
import { computeChecksum, readChecksum } from './checksum.js'
import { readDocument } from './document.js'
import { scaleBy } from './float16-arrays.js'
import { type Frame, frameFormat, frameVersion } from './frame.js'
import { type ArrayPlace, createFrameError, type FrameMetadata, readHeader } from './header.js'

/**
 * Reads a frame. Returns its explanation and its side data. Arrays are views of the bytes if the frame
 * begins at a multiple of 8 in its buffer, and otherwise of a copy.
 *
 * @throws InvalidArgumentError if the bytes aren't a complete and undamaged frame
 */
export function decodeFrame(bytes: Uint8Array | ArrayBuffer | DataView): Frame {
  const frame = alignBytes(bytes)
  const { metadata, places, dataStart } = readHeader(frame)
  checkMetadata(metadata, frame)
  const unused = new Set(places.keys())
  const getArray = (name: string, exponent: number): NdArray => {
    const place = places.get(name)
    if (place === undefined)
      throw new TypeError(`the array ${describe(name)}, which it doesn't have`)
    if (!unused.delete(name)) throw new TypeError(`the array ${describe(name)} twice`)
    return readPlace(name, place, frame, dataStart, exponent)
  }
  const read = (key: 'explanation' | 'side'): unknown => {
    try {
      return readDocument(metadata[key], getArray)
    } catch (cause) {
      if (isGradlensError(cause)) throw cause
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw createFrameError(
        `'${key}' with ${reason}`,
        'JSON as docs/reference/frame.md specifies it',
        cause,
      )
    }
  }
  const explanation = read('explanation')
  const side = read('side')
  const [extra] = unused
  if (extra !== undefined) {
    throw createFrameError(
      `the array ${describe(extra)}`,
      'only arrays of its explanation and side',
    )
  }
  const { meta, data } = isRecord(explanation) ? explanation : {}
  if (!isRecord(meta) || !isRecord(meta['params']) || !isRecord(data) || !isRecord(side)) {
    throw createFrameError('other contents', "an explanation with 'meta', its 'params', and 'data'")
  }
  const keep = (value: unknown): unknown => value
  const named = { ...meta, params: mapFields(meta['params'], toCamelCase, keep) }
  return {
    explanation: createExplanation(
      named as unknown as ExplanationMeta,
      mapFields(data, toCamelCase, keep),
    ),
    side: mapFields(side, toCamelCase, keep),
    dtype: [...places.values()].some(({ dtype }) => dtype === 'F16') ? 'float16' : undefined,
    version: metadata.gradlens,
  }
}

/** The bytes, copied if typed arrays of all widths can't be views of them. */
function alignBytes(bytes: unknown): Uint8Array {
  const isBuffer =
    bytes instanceof ArrayBuffer ||
    Object.prototype.toString.call(bytes) === '[object SharedArrayBuffer]'
  const view = isBuffer
    ? new Uint8Array(bytes as ArrayBuffer)
    : ArrayBuffer.isView(bytes)
      ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      : undefined
  if (view === undefined) {
    throw new InvalidArgumentError('bytes', describe(bytes), 'a Uint8Array or an ArrayBuffer')
  }
  return view.byteOffset % 8 === 0 ? view : view.slice()
}

function checkMetadata({ checksum, format, version }: FrameMetadata, frame: Uint8Array): void {
  if (format !== frameFormat) {
    const got = `the format ${describe(format)}`
    throw createFrameError(got, `'${frameFormat}', which encodeFrame and Python's gradlens write`)
  }
  if (version !== frameVersion) {
    const expected = `'${frameVersion}', which this version of gradlens reads; update gradlens`
    throw createFrameError(`version ${describe(version)} of the format`, expected)
  }
  const computed = computeChecksum(frame)
  if (readChecksum(frame) !== computed || checksum !== computed) {
    const expected = `${describe(checksum)}, as the frame says; save or download the file again`
    throw createFrameError(`damaged bytes, with the checksum '${computed}'`, expected)
  }
}

function readPlace(
  name: string,
  { dtype, shape, start, length }: ArrayPlace,
  frame: Uint8Array,
  dataStart: number,
  exponent: number,
): NdArray {
  const offset = frame.byteOffset + dataStart + start
  const data = readArray(name, dtype, { buffer: frame.buffer, offset, length })
  if (exponent === 0) return { data, shape }
  if (dtype !== 'F16' || !(data instanceof Float32Array)) {
    throw new TypeError(`an exponent for ${describe(name)}, an array of ${dtype}`)
  }
  scaleBy(data, exponent)
  return { data, shape }
}

import { InvalidArgumentError } from '../errors.js'
import type { Explanation, ExplanationJson } from '../explanation.js'
import { mapFields, toSnakeCase } from '../explanation/fields.js'
import { type GivenExplanation, readExplanation } from '../explanation/read-explanation.js'
import { isRecord } from '../is-record.js'
import { assertKnownKeys, describe, readChoice } from '../options.js'
import { version } from '../version.js'
import {
  type FrameDtype,
  getElementSize,
  prepareArray,
  type StoredArray,
  writeArray,
} from './array-formats.js'
import { writeChecksum } from './checksum.js'
import { writeDocument } from './document.js'
import { frameFormat, frameVersion, type FrameSide } from './frame.js'

/** Options of encodeFrame. */
export interface FrameOptions {
  /**
   * The format of all floating-point arrays. float16 halves the size of float32 and keeps 11 bits
   * of each number; arrays of small or great numbers are scaled. Default: each array keeps its own.
   */
  readonly dtype?: FrameDtype | undefined
}

const dtypes: readonly FrameDtype[] = ['float32', 'float16']

/**
 * Writes an explanation as a frame, a safetensors file. docs/reference/frame.md specifies the format.
 *
 * @param explanation an Explanation, its JSON, or its meta and data
 * @param side what an element shows in addition, by the name of its property, for example `labels`
 * @throws InvalidArgumentError if it isn't an explanation, if an array doesn't have the length of
 *   its shape, or if a number doesn't fit into its format
 */
export function encodeFrame(
  explanation: Explanation<object> | ExplanationJson | GivenExplanation | string,
  side: FrameSide = {},
  options: FrameOptions = {},
): Uint8Array<ArrayBuffer> {
  assertKnownKeys('options', options, ['dtype'])
  const { dtype } = options
  if (dtype !== undefined) readChoice('dtype', dtype, dtypes)
  if (!isRecord(side)) {
    throw new InvalidArgumentError('side', describe(side), 'an object with properties of elements')
  }
  const { meta, data } = readExplanation(explanation)
  const arrays: StoredArray[] = []
  const write = (name: string, value: unknown): string =>
    writeDocument(name, value, (path, array) => {
      const stored = prepareArray(path, array, dtype)
      arrays.push(stored)
      return stored.exponent
    })
  const keep = (value: unknown): unknown => value
  const params = isRecord(meta['params']) ? meta['params'] : {}
  const texts = [
    write('data', mapFields(data, toSnakeCase, keep)),
    write('meta', { ...meta, params: mapFields(params, toSnakeCase, keep) }),
    write('side', mapFields(side, toSnakeCase, keep)),
  ] as const
  const sorted = arrays.sort((a, b) => getElementSize(b.dtype) - getElementSize(a.dtype))
  return joinFrame(createHeader(texts, sorted), sorted)
}

function createHeader(
  [data, meta, side]: readonly [string, string, string],
  arrays: readonly StoredArray[],
): string {
  const metadata = {
    checksum: '00000000',
    explanation: `{"data":${data},"meta":${meta}}`,
    format: frameFormat,
    gradlens: version,
    side,
    version: frameVersion,
  }
  let end = 0
  const members = arrays.map(({ name, dtype, shape, data: { length } }) => {
    const start = end
    end += length * getElementSize(dtype)
    const member = { dtype, shape, data_offsets: [start, end] }
    return `,${JSON.stringify(name)}:${JSON.stringify(member)}`
  })
  return `{"__metadata__":${JSON.stringify(metadata)}${members.join('')}}`
}

function joinFrame(text: string, arrays: readonly StoredArray[]): Uint8Array<ArrayBuffer> {
  const header = new TextEncoder().encode(text)
  const paddedLength = Math.ceil(header.length / 8) * 8
  const dataLength = arrays.reduce(
    (sum, { dtype, data }) => sum + data.length * getElementSize(dtype),
    0,
  )
  const frame = new Uint8Array(8 + paddedLength + dataLength)
  new DataView(frame.buffer).setBigUint64(0, BigInt(paddedLength), true)
  frame.set(header, 8)
  frame.fill(0x20, 8 + header.length, 8 + paddedLength)
  let offset = 8 + paddedLength
  for (const array of arrays) {
    writeArray(array, frame.buffer, offset)
    offset += array.data.length * getElementSize(array.dtype)
  }
  writeChecksum(frame)
  return frame
}

import { InvalidArgumentError } from '../../../errors.js'
import {
  type GivenExplanation,
  readExplanation as readObject,
} from '../../../explanation/read-explanation.js'
import { decodeFrame } from '../../../frame/decode-frame.js'
import type { FrameSide } from '../../../frame/frame.js'
import { describe } from '../../../options.js'

/** An explanation with what its frame has in addition. */
export interface OpenedExplanation extends GivenExplanation {
  /** Properties of elements. Undefined if it isn't from a frame. */
  readonly side?: FrameSide
  /** The version of the package that wrote the frame. */
  readonly writer?: string
}

const opened = new WeakSet<object>()

/** @throws InvalidArgumentError if the value is not an explanation, its JSON or its frame */
export function readExplanation(value: unknown): OpenedExplanation {
  if (typeof value === 'object' && value !== null && opened.has(value)) {
    return value as OpenedExplanation
  }
  const bytes = toBytes(value)
  const read: OpenedExplanation =
    bytes === null
      ? { ...readObject(value) }
      : isFrame(bytes)
        ? openFrame(bytes)
        : { ...readObject(new TextDecoder().decode(bytes)) }
  opened.add(read)
  return read
}

function openFrame(bytes: Uint8Array): OpenedExplanation {
  const { explanation, side, version } = decodeFrame(bytes)
  const { meta, data } = explanation
  return { meta: { ...meta }, data, side, writer: version }
}

/**
 * True if the bytes begin with the length of a header, whose last byte is zero. JSON has no zeros.
 */
const isFrame = (bytes: Uint8Array): boolean => bytes[7] === 0

function toBytes(value: unknown): Uint8Array | null {
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  }
  return Object.prototype.toString.call(value) === '[object ArrayBuffer]'
    ? new Uint8Array(value as ArrayBuffer)
    : null
}

/**
 * The bytes at an address.
 *
 * @throws InvalidArgumentError if there is no answer, or the answer is an error
 */
export async function fetchExplanation(src: string, signal: AbortSignal): Promise<ArrayBuffer> {
  const expected = 'the address of an explanation, as a frame or JSON'
  let response
  try {
    response = await fetch(new URL(src, document.baseURI), { signal })
  } catch (cause) {
    signal.throwIfAborted()
    const remedy =
      'the network, and whether the server or a content security policy allows this page'
    throw new InvalidArgumentError(
      'src',
      `no answer from ${describe(src)}`,
      `${expected}; check ${remedy}`,
      {
        cause,
      },
    )
  }
  if (response.ok) return await response.arrayBuffer()
  const { status, statusText } = response
  const answer = `${status} ${statusText}`.trimEnd()
  throw new InvalidArgumentError('src', `${answer} from ${describe(src)}`, expected)
}

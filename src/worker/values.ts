import { InvalidArgumentError } from '../errors.js'
import { type ArrayInput, isArrayObject, toNdArray } from '../array-input.js'
import { describe } from '../options.js'

/** A result whose arrays nothing else uses: they are transferred without a copy. */
export class OwnedResult {
  readonly value: unknown

  constructor(value: unknown) {
    this.value = value
  }
}

const valueKey = 'gradlens.value'
const sourceKey = 'gradlens.source'

/**
 * A value that only the worker has, by its name there: a loss function, a store, a layer, another predictor. It is an
 * argument or option wherever the page can't send the value itself.
 */
export class WorkerValue {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}

/** A source of examples: a function in the page that the worker asks. */
interface Source {
  readonly exampleCount: number
  read(start: number, end: number, options: object): unknown
}

/** What a message carries: the values, and the buffers that are transferred. */
export interface Packed {
  readonly value: unknown
  readonly transfer: ArrayBuffer[]
}

export interface PackOptions {
  /** Keeps a source of examples and returns the number by which the worker asks for it. */
  readonly addSource?: (source: Source) => number
  /** Transfers the value's own buffers instead of copies. The value can't be used afterwards. */
  readonly isOwned?: boolean
}

/**
 * Prepares a value for a message. The buffers of its arrays are transferred: copies, so that the caller's arrays stay as
 * they are, or its own buffers if it is owned. Tensors are read.
 *
 * @param path the value's name, for errors
 * @throws InvalidArgumentError for a function or an instance of a class, which can't be sent
 */
export async function packValue(
  path: string,
  value: unknown,
  { addSource, isOwned = false }: PackOptions = {},
): Promise<Packed> {
  const transfer = new Set<ArrayBuffer>()
  const packView = (view: ArrayBufferView): ArrayBufferView => {
    const { buffer, byteOffset, byteLength } = view
    if (isOwned && buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) {
      transfer.add(buffer)
      return view
    }
    const bytes = new Uint8Array(byteLength)
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength))
    transfer.add(bytes.buffer)
    if (view instanceof DataView) return new DataView(bytes.buffer)
    const View = view.constructor as new (buffer: ArrayBuffer) => ArrayBufferView
    return new View(bytes.buffer)
  }
  const pack = async (at: string, inner: unknown): Promise<unknown> => {
    if (typeof inner === 'function') return refuse(at, inner)
    if (typeof inner !== 'object' || inner === null) return inner
    if (inner instanceof WorkerValue) return { [valueKey]: inner.name }
    if (ArrayBuffer.isView(inner)) return packView(inner)
    if (isCloneable(inner)) return inner
    if (isTensor(inner)) return pack(at, await toNdArray(at, inner as ArrayInput))
    if (Array.isArray(inner)) {
      if (inner.every((item) => typeof item !== 'object' || item === null)) return inner
      return Promise.all(inner.map((item, i) => pack(`${at}[${i}]`, item)))
    }
    if (isSource(inner) && addSource !== undefined) {
      return { [sourceKey]: addSource(inner), exampleCount: inner.exampleCount }
    }
    const prototype: unknown = Object.getPrototypeOf(inner)
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
      return isArrayObject(inner) ? pack(at, await toNdArray(at, inner)) : refuse(at, inner)
    }
    const entries = Object.entries(inner).map(async ([key, field]) => [
      key,
      await pack(at === '' ? key : `${at}.${key}`, field),
    ])
    return Object.fromEntries((await Promise.all(entries)) as [string, unknown][])
  }
  return { value: await pack(path, value), transfer: [...transfer] }
}

/** Returns the value of a message with the worker's own values, and its sources, in their places. */
export function unpackValue(
  packed: unknown,
  find: (name: string) => unknown,
  openSource: (source: number, exampleCount: number) => unknown,
): unknown {
  if (typeof packed !== 'object' || packed === null || isCloneable(packed)) return packed
  if (ArrayBuffer.isView(packed)) return packed
  if (Array.isArray(packed)) return packed.map((item) => unpackValue(item, find, openSource))
  const fields = packed as Readonly<Record<string, unknown>>
  const name = fields[valueKey]
  if (typeof name === 'string') return find(name)
  const source = fields[sourceKey]
  if (typeof source === 'number') return openSource(source, fields['exampleCount'] as number)
  return Object.fromEntries(
    Object.entries(fields).map(([key, field]) => [key, unpackValue(field, find, openSource)]),
  )
}

function refuse(path: string, value: unknown): never {
  throw new InvalidArgumentError(
    path === '' ? 'value' : path,
    describe(value),
    "a value that can be sent to a worker; return it in the `values` of the worker's factory, by a name, and pass " +
      "explainers.value('name') here",
  )
}

const isSource = (value: object): value is Source =>
  'exampleCount' in value && 'read' in value && typeof value.read === 'function'

const isTensor = (value: object): boolean =>
  'data' in value && typeof value.data === 'function' && 'shape' in value

/** Objects of these classes go into messages as they are. */
function isCloneable(value: object): boolean {
  const names = ['ArrayBuffer', 'Blob', 'Date', 'ImageBitmap', 'ImageData', 'Map', 'RegExp', 'Set']
  const scope = globalThis as Readonly<Record<string, unknown>>
  return names.some((name) => {
    const known = scope[name]
    return typeof known === 'function' && value instanceof known
  })
}

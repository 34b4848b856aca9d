import { type FileHandle, open } from 'node:fs/promises'
import type { NdArray } from 'gradlens'
import { type ArraySource, InputError } from './array-source.js'
import { type NumberFormat, numberFormats } from './numbers.js'

/** The header of a .npy file (NEP 1), a Python dictionary. */
interface NpyHeader {
  readonly format: NumberFormat
  readonly shape: readonly number[]
  /** Where the numbers begin, in bytes. */
  readonly offset: number
}

/**
 * Opens an array that numpy.save wrote.
 *
 * @throws InputError if the file isn't one, is truncated, or is of an unsupported kind: column-major, big-endian, objects
 */
export async function openNpy(file: string): Promise<ArraySource> {
  const handle = await open(file, 'r')
  try {
    const { format, shape, offset } = await readHeader(file, handle)
    const [exampleCount = 0, ...rowShape] = shape
    const rowSize = rowShape.reduce((size, length) => size * length, 1)
    const expected = offset + exampleCount * rowSize * format.byteLength
    const { size } = await handle.stat()
    if (size < expected) {
      throw new InputError(
        `${file}: got ${size} bytes; expected ${expected} from its header. The file is truncated: copy it again.`,
      )
    }
    return {
      exampleCount,
      shape,
      async read(start, end, { signal }): Promise<NdArray> {
        const byteLength = (end - start) * rowSize * format.byteLength
        const position = offset + start * rowSize * format.byteLength
        const buffer = await readExactly(file, handle, position, byteLength, signal)
        const at = (index: number): string => `${file}, row ${start + Math.floor(index / rowSize)}`
        return { data: format.read(buffer, at), shape: [end - start, ...rowShape] }
      },
      close: () => handle.close(),
    }
  } catch (error) {
    await handle.close()
    throw error
  }
}

async function readHeader(file: string, handle: FileHandle): Promise<NpyHeader> {
  const start = Buffer.alloc(12)
  const { bytesRead } = await handle.read(start, 0, 12, 0)
  if (bytesRead < 12 || start.toString('latin1', 0, 6) !== '\x93NUMPY') {
    throw new InputError(`${file}: this isn't a .npy file; expected one that numpy.save wrote.`)
  }
  const version = start.readUInt8(6)
  if (version < 1 || version > 3) {
    throw new InputError(`${file}: got version ${version} of the .npy format; expected 1, 2 or 3.`)
  }
  const [length, offset] = version === 1 ? [start.readUInt16LE(8), 10] : [start.readUInt32LE(8), 12]
  if (length > mostHeaderBytes) {
    throw new InputError(`${file}: got a header of ${length} bytes; expected a .npy file.`)
  }
  const text = Buffer.from(await readExactly(file, handle, offset, length, undefined)).toString()
  const [, type] = /'descr':\s*'([^']*)'/.exec(text) ?? []
  const [, order] = /'fortran_order':\s*(True|False)/.exec(text) ?? []
  const [, lengths] = /'shape':\s*\(([\d,\s]*)\)/.exec(text) ?? []
  if (order === undefined || lengths === undefined) {
    throw new InputError(`${file}: its header cannot be read: ${text.trim()}`)
  }
  if (order === 'True') {
    throw new InputError(
      `${file}: got fortran_order (column-major); expected row-major. Save numpy.ascontiguousarray(x).`,
    )
  }
  const shape = lengths.split(',').flatMap((one) => (one.trim() === '' ? [] : [Number(one)]))
  if (shape.length === 0) {
    throw new InputError(`${file}: got a single number, shape (); expected rows, shape (N, …).`)
  }
  return { format: parseFormat(file, type), shape, offset: offset + length }
}

/** More than a header with thousands of fields. */
const mostHeaderBytes = 2 ** 16

function parseFormat(file: string, type: string | undefined): NumberFormat {
  const [, order, code = ''] = /^([<>|=])(.+)$/.exec(type ?? '') ?? []
  const format = numberFormats[code]
  if (format !== undefined && (order !== '>' || format.byteLength === 1)) return format
  const kinds: Readonly<Record<string, string>> = {
    O: 'objects',
    U: 'texts',
    S: 'texts',
    c: 'complex numbers',
    M: 'times',
    m: 'times',
    V: 'records',
  }
  const what =
    type === undefined
      ? 'records'
      : order === '>' && format !== undefined
        ? 'big-endian numbers'
        : (kinds[code.slice(0, 1)] ?? 'numbers of another kind')
  throw new InputError(
    `${file}: got ${what}${type === undefined ? '' : ` (dtype ${type})`}; expected little-endian f2, f4, f8, i1 to i8, ` +
      "u1 to u8 or bool. For example, save x.astype('<f4').",
  )
}

async function readExactly(
  file: string,
  handle: FileHandle,
  position: number,
  byteLength: number,
  signal: AbortSignal | undefined,
): Promise<ArrayBuffer> {
  const bytes = new Uint8Array(byteLength)
  let filled = 0
  while (filled < byteLength) {
    signal?.throwIfAborted()
    const { bytesRead } = await handle.read(bytes, filled, byteLength - filled, position + filled)
    if (bytesRead === 0) throw new InputError(`${file}: the file was truncated while it was read.`)
    filled += bytesRead
  }
  return bytes.buffer
}

import { baseName, FileError, readBytes, type NamedFile } from '../files/named-file.js'
import type { RawArray } from './data-set.js'

type Read = (view: DataView, offset: number, isLittle: boolean) => number

/** How the numbers of a type are read, and what they become. */
const types: Readonly<
  Record<string, { readonly bytes: number; readonly isInteger: boolean; readonly read: Read }>
> = {
  f4: { bytes: 4, isInteger: false, read: (view, at, little) => view.getFloat32(at, little) },
  f8: { bytes: 8, isInteger: false, read: (view, at, little) => view.getFloat64(at, little) },
  b1: { bytes: 1, isInteger: true, read: (view, at) => view.getUint8(at) },
  u1: { bytes: 1, isInteger: true, read: (view, at) => view.getUint8(at) },
  i1: { bytes: 1, isInteger: true, read: (view, at) => view.getInt8(at) },
  u2: { bytes: 2, isInteger: true, read: (view, at, little) => view.getUint16(at, little) },
  i2: { bytes: 2, isInteger: true, read: (view, at, little) => view.getInt16(at, little) },
  u4: { bytes: 4, isInteger: true, read: (view, at, little) => view.getUint32(at, little) },
  i4: { bytes: 4, isInteger: true, read: (view, at, little) => view.getInt32(at, little) },
  u8: {
    bytes: 8,
    isInteger: true,
    read: (view, at, little) => Number(view.getBigUint64(at, little)),
  },
  i8: {
    bytes: 8,
    isInteger: true,
    read: (view, at, little) => Number(view.getBigInt64(at, little)),
  },
}

const largestInteger = 2 ** 31 - 1

/**
 * Reads a .npy file of NumPy: bytes as they are, other integers as int32, floats as float32.
 *
 * @throws FileError for a file that is cut off, another dtype, Fortran order, or numbers beyond int32
 */
export async function readNpy(file: NamedFile): Promise<RawArray> {
  const name = baseName(file.path)
  const bytes = await readBytes(file)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (String.fromCharCode(...bytes.subarray(1, 6)) !== 'NUMPY') {
    throw new FileError(`${name} is not a .npy file. Write it with numpy.save('${name}', array).`)
  }
  const isFirst = bytes[6] === 1
  const start = isFirst ? 10 : 12
  const length = isFirst ? view.getUint16(8, true) : view.getUint32(8, true)
  const header = new TextDecoder('latin1').decode(bytes.subarray(start, start + length))
  const descr = /'descr':\s*'([^']+)'/.exec(header)?.[1] ?? 'a record'
  const shape = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1]?.match(/\d+/g)?.map(Number) ?? []
  const type = types[descr.slice(1)]
  if (type === undefined) {
    throw new FileError(
      `${name} has the dtype ${descr}. Expected floats or integers: numpy.save('${name}', array.astype('float32')).`,
    )
  }
  if (/'fortran_order':\s*True/.test(header)) {
    throw new FileError(
      `${name} is stored in Fortran order. Write it again: numpy.save('${name}', numpy.ascontiguousarray(array)).`,
    )
  }
  const count = shape.reduce((product, side) => product * side, 1)
  const wanted = start + length + count * type.bytes
  if (bytes.length < wanted) {
    throw new FileError(
      `${name} has ${bytes.length.toLocaleString('en')} bytes of ${wanted.toLocaleString('en')}: it is cut off. Copy it again.`,
    )
  }
  const offset = start + length
  if (descr.endsWith('u1')) return { shape, data: bytes.slice(offset, offset + count) }
  const data = type.isInteger ? new Int32Array(count) : new Float32Array(count)
  const isLittle = !descr.startsWith('>')
  for (let i = 0; i < count; i++) {
    const value = type.read(view, offset + i * type.bytes, isLittle)
    if (type.isInteger && Math.abs(value) > largestInteger) {
      throw new FileError(`${name} has the integer ${value}, which is larger than 32 bits allow.`)
    }
    data[i] = value
  }
  return { shape, data }
}

import type { NdArray } from 'gradlens'

/** An array as a .npy file of NumPy, version 1: float32, int32 or bytes. */
export function writeNpy({ data, shape }: Pick<NdArray, 'data' | 'shape'>): Uint8Array {
  const bytes = data instanceof Uint8Array
  const integers = data instanceof Int32Array
  const values = bytes || integers ? data : Float32Array.from(data)
  const descr = bytes ? '|u1' : integers ? '<i4' : '<f4'
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`
  const header = new TextEncoder().encode(`${text.padEnd(117)}\n`)
  const magic = Uint8Array.of(0x93, ...new TextEncoder().encode('NUMPY'), 1, 0, header.length, 0)
  const file = new Uint8Array(magic.length + header.length + values.byteLength)
  file.set(magic)
  file.set(header, magic.length)
  file.set(
    new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    magic.length + header.length,
  )
  return file
}

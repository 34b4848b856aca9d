import { fromFloat16Bits } from '../../float16.js'
import type { ElementType, OnnxTensor } from './onnx-model.js'

export function bytesPerElement(type: ElementType): number {
  switch (type) {
    case 'float64':
    case 'int64':
    case 'uint64':
      return 8
    case 'float32':
    case 'int32':
    case 'uint32':
      return 4
    case 'float16':
    case 'bfloat16':
    case 'int16':
    case 'uint16':
      return 2
    default:
      return 1
  }
}

export const isFloat = (type: ElementType): boolean =>
  type === 'float32' || type === 'float16' || type === 'bfloat16' || type === 'float64'

/** Converts floats of 16 and 64 bits to float32; other tensors stay as they are. */
export function toFloat32(tensor: OnnxTensor): OnnxTensor {
  const { type, shape, bytes } = tensor
  if (!isFloat(type) || type === 'float32') return tensor
  const view = viewOf(bytes)
  const width = bytesPerElement(type)
  const values = Float32Array.from({ length: bytes.length / width }, (_, k) => {
    if (type === 'float64') return view.getFloat64(width * k, true)
    const bits = view.getUint16(width * k, true)
    if (type === 'float16') return fromFloat16Bits(bits)
    // A bfloat16 is the upper half of a float32.
    floatBits[0] = bits << 16
    return float[0]!
  })
  return { type: 'float32', shape, bytes: new Uint8Array(values.buffer) }
}

const float = new Float32Array(1)
const floatBits = new Uint32Array(float.buffer)

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength)

/** Returns the tensor's numbers, copied. Int64 beyond 2^53 is the nearest number. */
export function readNumbers({ type, bytes }: OnnxTensor): number[] {
  const view = viewOf(bytes)
  const width = bytesPerElement(type)
  const read = (at: number): number => {
    switch (type) {
      case 'float32':
        return view.getFloat32(at, true)
      case 'float64':
        return view.getFloat64(at, true)
      case 'float16':
        return fromFloat16Bits(view.getUint16(at, true))
      case 'int64':
        return Number(view.getBigInt64(at, true))
      case 'uint64':
        return Number(view.getBigUint64(at, true))
      case 'int32':
        return view.getInt32(at, true)
      case 'uint32':
        return view.getUint32(at, true)
      case 'int16':
        return view.getInt16(at, true)
      case 'uint16':
        return view.getUint16(at, true)
      case 'int8':
        return view.getInt8(at)
      default:
        return view.getUint8(at)
    }
  }
  return Array.from({ length: bytes.length / width }, (_, k) => read(k * width))
}

/** Creates a tensor of float32, int64, int32 or bool from numbers. */
export function createTensor(
  type: 'float32' | 'int64' | 'int32' | 'bool',
  values: ArrayLike<number>,
  shape: readonly number[],
): OnnxTensor {
  return { type, shape, bytes: bytesOfNumbers(type, values) }
}

function bytesOfNumbers(
  type: 'float32' | 'int64' | 'int32' | 'bool',
  values: ArrayLike<number>,
): Uint8Array {
  switch (type) {
    case 'float32':
      return new Uint8Array(Float32Array.from(values).buffer)
    case 'int32':
      return new Uint8Array(Int32Array.from(values).buffer)
    case 'int64':
      return new Uint8Array(BigInt64Array.from(Array.from(values, toInt64)).buffer)
    case 'bool':
      return Uint8Array.from(values)
  }
}

const largestInt64 = 2n ** 63n - 1n

/** Numbers near 2^63, as slices to the end have, are rounded beyond the range of int64. */
export function toInt64(value: number): bigint {
  if (value >= 2 ** 63) return largestInt64
  return value <= -(2 ** 63) ? -(2n ** 63n) : BigInt(value)
}

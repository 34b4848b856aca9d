import type { PbfReader } from 'pbf'
import { InvalidArgumentError, UnsupportedError } from '../../errors.js'
import { type ElementType, elementTypes, type OnnxTensor } from './onnx-model.js'
import { bytesPerElement, toFloat32, toInt64 } from './tensor-data.js'

/** Returns bytes of a file with external data. */
export type TensorSource = (
  location: string,
  offset: number,
  byteLength: number | undefined,
) => Uint8Array

interface TensorMessage {
  name: string
  type: number
  shape: number[]
  raw: Uint8Array | undefined
  /** Values in a typed field instead of raw bytes. */
  values: number[]
  hasStrings: boolean
  isExternal: boolean
  external: Map<string, string>
}

/** Reads a constant tensor. Floats of 16 or 64 bits become float32. */
export function readTensor(
  pbf: PbfReader,
  source: TensorSource,
): { readonly name: string; readonly tensor: OnnxTensor } {
  const message = pbf.readMessage<TensorMessage>(readTensorField, {
    name: '',
    type: 0,
    shape: [],
    raw: undefined,
    values: [],
    hasStrings: false,
    isExternal: false,
    external: new Map(),
  })
  const { name, shape } = message
  const type = elementTypes[message.type as keyof typeof elementTypes] as ElementType | undefined
  if (type === undefined || type === 'string') {
    throw new UnsupportedError(
      'element type',
      `model: constant '${name}' has the element type ${type ?? message.type}, which is not supported.`,
    )
  }
  return { name, tensor: toFloat32({ type, shape, bytes: bytesOf(message, type, source) }) }
}

function readTensorField(tag: number, tensor: TensorMessage, pbf: PbfReader): void {
  switch (tag) {
    case 1:
      pbf.readPackedVarint(tensor.shape, true)
      break
    case 2:
      tensor.type = pbf.readVarint()
      break
    case 4:
      pbf.readPackedFloat(tensor.values)
      break
    case 5:
    case 7:
      pbf.readPackedVarint(tensor.values, true)
      break
    case 6:
      tensor.hasStrings = true
      break
    case 8:
      tensor.name = pbf.readString()
      break
    case 9:
      tensor.raw = pbf.readBytes()
      break
    case 10:
      pbf.readPackedDouble(tensor.values)
      break
    case 11:
      pbf.readPackedVarint(tensor.values)
      break
    case 13:
      tensor.external.set(...readEntry(pbf))
      break
    case 14:
      tensor.isExternal = pbf.readVarint() === 1
      break
  }
}

function readEntry(pbf: PbfReader): [string, string] {
  const { key, value } = pbf.readMessage(
    (tag, entry, reader) => {
      if (tag === 1) entry.key = reader.readString()
      else if (tag === 2) entry.value = reader.readString()
    },
    { key: '', value: '' },
  )
  return [key, value]
}

function bytesOf(message: TensorMessage, type: ElementType, source: TensorSource): Uint8Array {
  const { name, shape, raw, values, isExternal, external } = message
  const size = shape.reduce((product, length) => product * length, 1)
  const byteLength = size * bytesPerElement(type)
  if (isExternal) {
    const length = external.get('length')
    return source(
      external.get('location') ?? '',
      Number(external.get('offset') ?? 0),
      length === undefined ? byteLength : Number(length),
    )
  }
  const bytes = raw ?? encodeValues(values, type)
  if (bytes.length === byteLength) return bytes
  throw new InvalidArgumentError(
    'model',
    `${bytes.length} bytes for constant '${name}' of shape [${shape.join(', ')}]`,
    `${byteLength} bytes of ${type}; the file may be cut off`,
  )
}

/** Float16 values in a typed field are the bits of each, as an integer. */
function encodeValues(values: readonly number[], type: ElementType): Uint8Array {
  const bytes = new Uint8Array(values.length * bytesPerElement(type))
  const view = new DataView(bytes.buffer)
  for (const [k, value] of values.entries()) {
    switch (type) {
      case 'float32':
        view.setFloat32(4 * k, value, true)
        break
      case 'float64':
        view.setFloat64(8 * k, value, true)
        break
      case 'int64':
      case 'uint64':
        view.setBigInt64(8 * k, toInt64(value), true)
        break
      case 'int32':
      case 'uint32':
        view.setInt32(4 * k, value, true)
        break
      case 'int16':
      case 'uint16':
      case 'float16':
      case 'bfloat16':
        view.setInt16(2 * k, value, true)
        break
      default:
        view.setInt8(k, value)
    }
  }
  return bytes
}

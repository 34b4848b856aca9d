import { sizeOf, type TypedArray } from '../../../ndarray.js'
import type { CompactLayout } from '../../../gradients/compact-layout.js'

/** How the elements of an array are stored. Float16 numbers are kept as bits in a Uint16Array. */
export interface ElementType {
  readonly byteLength: number
  readonly fillValue: number
  /** The fill value in Zarr's JSON, which has no NaN. */
  readonly fillName: number | 'NaN'
  readonly view: (buffer: ArrayBuffer, byteOffset: number, length: number) => TypedArray
}

const integer = (view: ElementType['view'], byteLength: number): ElementType => ({
  byteLength,
  fillValue: 0,
  fillName: 0,
  view,
})

/** As Zarr names them. */
export type ElementTypeName =
  'float16' | 'float32' | 'float64' | 'int8' | 'int16' | 'int32' | 'uint8' | 'uint16' | 'uint32'

/** Elements that were not written are NaN where possible, so they can't be taken for a gradient of zero. */
export const elementTypes: Readonly<Record<ElementTypeName, ElementType>> = {
  float16: {
    byteLength: 2,
    fillValue: 0x7e00,
    fillName: 'NaN',
    view: (buffer, offset, length) => new Uint16Array(buffer, offset, length),
  },
  float32: {
    byteLength: 4,
    fillValue: NaN,
    fillName: 'NaN',
    view: (buffer, offset, length) => new Float32Array(buffer, offset, length),
  },
  float64: {
    byteLength: 8,
    fillValue: NaN,
    fillName: 'NaN',
    view: (buffer, offset, length) => new Float64Array(buffer, offset, length),
  },
  int8: integer((buffer, offset, length) => new Int8Array(buffer, offset, length), 1),
  int16: integer((buffer, offset, length) => new Int16Array(buffer, offset, length), 2),
  int32: integer((buffer, offset, length) => new Int32Array(buffer, offset, length), 4),
  uint8: integer((buffer, offset, length) => new Uint8Array(buffer, offset, length), 1),
  uint16: integer((buffer, offset, length) => new Uint16Array(buffer, offset, length), 2),
  uint32: integer((buffer, offset, length) => new Uint32Array(buffer, offset, length), 4),
}

/** The element type that gives the numbers back unchanged. */
export function getElementType(data: TypedArray): ElementTypeName {
  if (data instanceof Float32Array) return 'float32'
  if (data instanceof Float64Array) return 'float64'
  if (data instanceof Int8Array) return 'int8'
  if (data instanceof Int16Array) return 'int16'
  if (data instanceof Int32Array) return 'int32'
  if (data instanceof Uint16Array) return 'uint16'
  if (data instanceof Uint32Array) return 'uint32'
  return 'uint8'
}

/** An array with numbers for each row: [rows, ...rowShape]. */
export interface ColumnSpec {
  readonly type: ElementTypeName
  readonly rowShape: readonly number[]
}

/** An array of the store. */
export interface StoredArray extends ColumnSpec {
  readonly name: string
  /** The names of its axes after the first. */
  readonly axes: readonly string[]
  /** The name of its first axis; `'row'` if left out. */
  readonly rowAxis?: string
}

/** A segment of the store: the layout of a parameter's gradient, the same for every row. */
export type StoredSegment = CompactLayout & { readonly parameter: string }

/** The number format of stored gradients. */
export type StoredFloat = 'float32' | 'float16'

export const countRowBytes = ({ type, rowShape }: ColumnSpec): number =>
  sizeOf(rowShape) * elementTypes[type].byteLength

/** The arrays of a segment, in the order of the fields of a GradientSegment. */
export function listSegmentArrays(
  segment: StoredSegment,
  index: number,
  float: StoredFloat,
): StoredArray[] {
  const array = (
    component: string,
    type: ElementTypeName,
    rowShape: readonly number[],
    axes: readonly string[],
  ): StoredArray => ({ name: `segment-${index}-${component}`, type, rowShape, axes })
  switch (segment.kind) {
    case 'dense':
      return [array('values', float, [segment.size], ['element'])]
    case 'factored': {
      const { positions, inputSize, outputSize } = segment
      return [
        array('a', float, [positions, inputSize], ['position', 'input']),
        array('delta', float, [positions, outputSize], ['position', 'output']),
      ]
    }
    case 'lookup': {
      const { positions, rowSize } = segment
      return [
        array('indices', 'int32', [positions], ['position']),
        array('delta', float, [positions, rowSize], ['position', 'element']),
      ]
    }
  }
}

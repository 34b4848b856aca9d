import type { Array as ZarrArray, AsyncReadable, DataType } from 'zarrita'
import type { NdArray } from 'gradlens'
import { FileSystemStore } from 'gradlens/node'
import { type ArraySource, InputError } from './array-source.js'
import { toInt32, type Numbers } from './numbers.js'

/**
 * Opens a Zarr array in a folder, version 2 or 3.
 *
 * @throws InputError if there is none, or if it doesn't contain numbers
 */
export async function openZarr(folder: string): Promise<ArraySource> {
  const zarr = await import('zarrita')
  const files = new FileSystemStore(folder)
  const store: AsyncReadable = {
    get: (key, options) => files.get(key.slice(1), { signal: options?.signal }),
    getRange: (key, range, options) =>
      files.getRange(key.slice(1), range, { signal: options?.signal }),
  }
  let array: ZarrArray<DataType, AsyncReadable>
  try {
    array = await zarr.open(store, { kind: 'array' })
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    if (reason.includes('float16')) {
      throw new InputError(
        `${folder}: got float16, which this version of Node cannot read from Zarr; expected float32. Save the array ` +
          'as float32, or as .npy.',
        { cause },
      )
    }
    throw new InputError(
      `${folder}: cannot open a Zarr array here (${reason}); expected the folder of an array, which contains zarr.json or .zarray.`,
      { cause },
    )
  }
  const { shape, dtype } = array
  const [exampleCount, ...rowShape] = shape
  if (exampleCount === undefined) {
    throw new InputError(`${folder}: got a single number, shape []; expected rows, shape [N, …].`)
  }
  if (!array.is('number') && !array.is('bigint') && !array.is('bool')) {
    throw new InputError(`${folder}: got ${dtype}; expected numbers, or bool.`)
  }
  const rowsPerChunk = array.chunks[0] ?? exampleCount
  const rowSize = rowShape.reduce((size, length) => size * length, 1)
  const readChunk = async (chunk: number, signal: AbortSignal | undefined): Promise<Numbers> => {
    const start = chunk * rowsPerChunk
    const end = Math.min(start + rowsPerChunk, exampleCount)
    const selection = [zarr.slice(start, end), ...rowShape.map(() => null)]
    const { data, stride } = await zarr.get(
      array,
      selection,
      signal === undefined ? {} : { signal },
    )
    if (!isRowMajor(stride, [end - start, ...rowShape])) {
      throw new InputError(
        `${folder}: got column-major data (order F, or a transpose codec); expected row-major data, order C.`,
      )
    }
    const at = (index: number): string => `${folder}, row ${start + Math.floor(index / rowSize)}`
    return toNumbers(data, at)
  }
  // Batches are smaller than chunks, so the last chunk is kept.
  let last: { readonly chunk: number; readonly data: Promise<Numbers> } | undefined
  const chunkOf = (chunk: number, signal: AbortSignal | undefined): Promise<Numbers> => {
    if (last?.chunk !== chunk) {
      const data = readChunk(chunk, signal)
      last = { chunk, data }
      // The next read tries again.
      data.catch(() => {
        last = undefined
      })
    }
    return last.data
  }
  return {
    exampleCount,
    shape,
    async read(start, end, { signal }): Promise<NdArray> {
      const parts: Numbers[] = []
      for (let row = start; row < end;) {
        const chunk = Math.floor(row / rowsPerChunk)
        const first = chunk * rowsPerChunk
        const stop = Math.min(end, first + rowsPerChunk)
        const data = await chunkOf(chunk, signal)
        parts.push(data.subarray((row - first) * rowSize, (stop - first) * rowSize))
        row = stop
      }
      return { data: concatenate(parts), shape: [end - start, ...rowShape] }
    },
    close: () => Promise.resolve(),
  }
}

function concatenate(parts: readonly Numbers[]): Numbers {
  const [first] = parts
  if (parts.length === 1) return first!
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const whole = new (first!.constructor as new (length: number) => Numbers)(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Axes with one element may have any stride. */
function isRowMajor(stride: readonly number[], shape: readonly number[]): boolean {
  let step = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis]! > 1 && stride[axis] !== step) return false
    step *= shape[axis]!
  }
  return true
}

/** Converts zarrita's arrays to those that the library accepts. */
function toNumbers(data: unknown, at: (index: number) => string): Numbers {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return toInt32(data, at)
  if (isNumbers(data)) return data
  // A Float16Array where it exists, or zarrita's own array of Booleans.
  const values = data as Iterable<number | boolean> & { readonly BYTES_PER_ELEMENT: number }
  return values.BYTES_PER_ELEMENT === 2
    ? Float32Array.from(values as Iterable<number>)
    : Uint8Array.from(values, Number)
}

const isNumbers = (data: unknown): data is Numbers =>
  [
    Float32Array,
    Float64Array,
    Int8Array,
    Int16Array,
    Int32Array,
    Uint8Array,
    Uint16Array,
    Uint32Array,
  ].some((type) => data instanceof type)

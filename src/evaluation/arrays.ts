import { InvalidArgumentError } from '../errors.js'
import { type ArrayInput, isArrayObject, toNdArray } from '../array-input.js'
import { assertFinite, type NdArray } from '../ndarray.js'
import { describe } from '../options.js'

/** One array for one input, or a list with one array per input. The first axis is the examples. */
export type Arrays = ArrayInput | readonly ArrayInput[]

/**
 * Reads finite arrays [N, …]. A list whose items have shapes is a list of arrays. A list of
 * numbers or lists is one array of nested numbers.
 *
 * @throws InvalidArgumentError for other values, empty arrays, or first axes of different lengths
 * @throws NonFiniteError
 */
export async function readArrays(argument: string, value: Arrays): Promise<NdArray[]> {
  const list = isListOfArrays(value) ? value : [value as ArrayInput]
  const arrays = await Promise.all(
    list.map(async (item, j) => {
      const name = list.length === 1 ? argument : `${argument}[${j}]`
      const array = await toNdArray(name, item)
      if (array.shape.length === 0 || array.data.length === 0) {
        throw new InvalidArgumentError(
          name,
          `shape [${array.shape.join(', ')}]`,
          'an array that is not empty, whose first axis is the examples',
        )
      }
      assertFinite(name, array)
      return array
    }),
  )
  const counts = arrays.map(({ shape }) => shape[0] ?? 0)
  if (new Set(counts).size > 1) {
    throw new InvalidArgumentError(
      argument,
      `arrays of ${counts.join(', ')} examples`,
      'the same number of examples in each',
    )
  }
  return arrays
}

export function isListOfArrays(value: Arrays): value is readonly ArrayInput[] {
  return Array.isArray(value) && value.length > 0 && value.every(isArrayObject)
}

/** Reads labels as class indices [n]. Each one-hot row of [n, C] becomes the index of its 1. */
export async function readClasses(argument: string, value: ArrayInput): Promise<Int32Array> {
  const { data, shape } = await toNdArray(argument, value)
  const [count = 0, width = 1] = shape
  if (shape.length < 1 || shape.length > 2 || count === 0 || width === 0) {
    throw new InvalidArgumentError(
      argument,
      shape.length === 0 ? describe(data[0]) : `shape [${shape.join(', ')}]`,
      'class indices, shape [n], or one-hot rows, shape [n, classes]',
    )
  }
  if (width > 1) return readOneHot(argument, data, width)
  return Int32Array.from(data, (label, i) => {
    if (Number.isInteger(label) && label >= 0 && label < 2 ** 31) return label
    throw new InvalidArgumentError(
      argument,
      `${label} at [${i}]`,
      'class indices, integers of 0 or more',
    )
  })
}

function readOneHot(argument: string, data: NdArray['data'], width: number): Int32Array {
  return Int32Array.from({ length: data.length / width }, (_, i) => {
    const row = data.subarray(i * width, (i + 1) * width)
    const best = row.indexOf(1)
    if (best >= 0 && row.every((value, k) => value === (k === best ? 1 : 0))) return best
    throw new InvalidArgumentError(
      argument,
      `a row [${[...row.subarray(0, 8)].join(', ')}${width > 8 ? ', …' : ''}] at [${i}]`,
      'one-hot rows: a single 1 among zeros',
    )
  })
}

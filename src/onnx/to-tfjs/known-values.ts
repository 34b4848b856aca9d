import { readNumbers } from '../model/tensor-data.js'
import type { OnnxTensor } from '../model/onnx-model.js'
import { isFixed, type Length } from './length.js'

/** The elements of a tensor, in row-major order. */
export interface KnownValues {
  readonly shape: readonly number[]
  readonly fixed: Float64Array
  /** What each element has per example; undefined if none depends on the number of examples. */
  readonly perExample?: Float64Array | undefined
}

export const readKnown = (tensor: OnnxTensor): KnownValues => ({
  shape: tensor.shape,
  fixed: Float64Array.from(readNumbers(tensor)),
})

export const elementAt = ({ fixed, perExample }: KnownValues, at: number): Length => ({
  perExample: perExample?.[at] ?? 0,
  fixed: fixed[at]!,
})

export const listElements = (known: KnownValues): Length[] =>
  Array.from(known.fixed, (_, at) => elementAt(known, at))

export function fromElements(elements: readonly Length[], shape: readonly number[]): KnownValues {
  return {
    shape,
    fixed: Float64Array.from(elements, ({ fixed }) => fixed),
    perExample: elements.every(isFixed)
      ? undefined
      : Float64Array.from(elements, ({ perExample }) => perExample),
  }
}

/** Returns the elements at these indices, as a tensor of this shape. */
export function takeElements(
  { fixed, perExample }: KnownValues,
  indices: ArrayLike<number>,
  shape: readonly number[],
): KnownValues {
  const take = (values: Float64Array): Float64Array =>
    Float64Array.from({ length: indices.length }, (_, k) => values[indices[k]!]!)
  const slopes = perExample && take(perExample)
  return {
    shape,
    fixed: take(fixed),
    perExample: slopes?.some((slope) => slope !== 0) === true ? slopes : undefined,
  }
}

/** Returns the numbers, if none depends on the number of examples. */
export const fixedNumbers = (known: KnownValues | undefined): number[] | undefined =>
  known === undefined || known.perExample !== undefined ? undefined : [...known.fixed]

/** Returns the number of elements between neighbours along each axis. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = shape.map(() => 1)
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    strides[axis] = strides[axis + 1]! * shape[axis + 1]!
  }
  return strides
}

/**
 * Returns, for each element of a tensor of this shape, the index in another one, as the sum of its coordinates times
 * these strides.
 */
export function indicesOf(shape: readonly number[], strides: readonly number[]): Int32Array {
  const size = shape.reduce((product, length) => product * length, 1)
  const indices = new Int32Array(size)
  const own = stridesOf(shape)
  for (let at = 0; at < size; at++) {
    let index = 0
    for (let axis = 0; axis < shape.length; axis++) {
      index += (Math.floor(at / own[axis]!) % shape[axis]!) * strides[axis]!
    }
    indices[at] = index
  }
  return indices
}

/** Returns the strides with which a tensor is read as one of a larger shape, by repetition. */
export function broadcastStrides(from: readonly number[], to: readonly number[]): number[] {
  const own = stridesOf(from)
  const missing = to.length - from.length
  return to.map((_, axis) =>
    axis < missing || from[axis - missing] === 1 ? 0 : own[axis - missing]!,
  )
}

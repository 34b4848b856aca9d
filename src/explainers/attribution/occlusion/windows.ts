import { InvalidArgumentError } from '../../../errors.js'
import { sizeOf } from '../../../ndarray.js'
import { describe } from '../../../options.js'
import type { ArraySpec } from '../../../predictor.js'
import { inInputOrder, isByName, listNames } from '../../reading/by-name.js'

/** The windows of one input: boxes at regular steps along each axis of an example. */
export interface Windows {
  /** The shape of an example. */
  readonly shape: readonly number[]
  readonly lengths: readonly number[]
  readonly strides: readonly number[]
  /** How many windows there are along each axis. */
  readonly counts: readonly number[]
  /** The shape of the attributions: without channels, if each window has all of them. */
  readonly resultShape: readonly number[]
}

/**
 * Reads the options `windowShape` and `strides` for inputs of these shapes.
 *
 * @param shapes of one example of each input
 * @throws InvalidArgumentError for windows that are longer than an axis, or strides that leave gaps
 */
export function readWindows(
  windowShape: unknown,
  strides: unknown,
  shapes: readonly (readonly number[])[],
  specs: readonly ArraySpec[],
): Windows[] {
  const lengthsPerInput = readPerInput('windowShape', windowShape, specs)
  const stridesPerInput = readPerInput('strides', strides, specs)
  return shapes.map((shape, j) => {
    const spec = specs[j]!
    const lengths = readLengths(
      nameOption('windowShape', specs, j),
      lengthsPerInput[j] ?? defaultLengths(shape, spec),
      shape,
      'those of an example,',
      shape,
    )
    const given =
      stridesPerInput[j] ?? lengths.map((length, axis) => defaultStride(length, shape[axis]!))
    const steps = readLengths(
      nameOption('strides', specs, j),
      given,
      shape,
      'those of the window,',
      lengths,
    )
    const counts = shape.map(
      (length, axis) => Math.ceil((length - lengths[axis]!) / steps[axis]!) + 1,
    )
    const channelAxis = findChannelAxis(shape, spec)
    const resultShape = shape.map((length, axis) =>
      axis === channelAxis && lengths[axis] === length ? 1 : length,
    )
    return { shape, lengths, strides: steps, counts, resultShape }
  })
}

export const countWindows = ({ counts }: Windows): number => sizeOf(counts)

/**
 * Returns the offsets of a window's elements in a flattened example, or in flattened attributions.
 *
 * @param shape `windows.shape` or `windows.resultShape`
 */
export function offsetsIn(
  { lengths, strides, counts }: Windows,
  window: number,
  shape: readonly number[],
): Int32Array {
  let rest = window
  const indices: number[] = []
  for (const count of counts.toReversed()) {
    indices.unshift(rest % count)
    rest = Math.floor(rest / count)
  }
  const starts = shape.map((length, axis) => Math.min(indices[axis]! * strides[axis]!, length - 1))
  const extents = shape.map((length, axis) => Math.min(lengths[axis]!, length - starts[axis]!))
  const offsets = new Int32Array(sizeOf(extents))
  let count = 1
  for (const [axis, length] of shape.entries()) {
    const [start, extent] = [starts[axis]!, extents[axis]!]
    // From the last on, since each offset becomes `extent` of them, in the same array.
    for (let at = count - 1; at >= 0; at--) {
      const first = offsets[at]! * length + start
      for (let k = extent - 1; k >= 0; k--) offsets[at * extent + k] = first + k
    }
    count *= extent
  }
  return offsets
}

/** The axis of an image's channels; undefined for examples with fewer than three axes. */
const findChannelAxis = (shape: readonly number[], { channels }: ArraySpec): number | undefined =>
  shape.length < 3 ? undefined : channels === 'first' ? 0 : shape.length - 1

/** Features and tokens one by one; an eighth of a time series or of each spatial axis. */
function defaultLengths(shape: readonly number[], spec: ArraySpec): number[] {
  const channelAxis = findChannelAxis(shape, spec)
  return shape.map((length, axis) => {
    if (axis === channelAxis) return length
    const isSpatial = shape.length > 2 || (shape.length === 2 && axis === 0)
    return isSpatial ? Math.ceil(length / 8) : 1
  })
}

const defaultStride = (length: number, axisLength: number): number =>
  length === axisLength ? length : Math.max(1, Math.floor(length / 2))

const nameOption = (option: string, specs: readonly ArraySpec[], j: number): string =>
  specs.length === 1 ? option : `${option}.${specs[j]!.name}`

/** One value per input, in the order of the inputs. */
function readPerInput(option: string, given: unknown, specs: readonly ArraySpec[]): unknown[] {
  if (given === undefined) return specs.map(() => undefined)
  if (isByName(given, specs)) {
    return inInputOrder(option, given as Readonly<Record<string, unknown>>, specs)
  }
  if (Array.isArray(given)) {
    const isOne = specs.length === 1 && given.every((length) => typeof length === 'number')
    if (isOne) return [given]
    const isList = given.every((one) => one === null || Array.isArray(one))
    if (isList && given.length === specs.length) return given as unknown[]
  }
  throw new InvalidArgumentError(
    option,
    describe(given),
    specs.length === 1
      ? 'a length for each axis of an example'
      : `a list of ${specs.length}, one per model input, or an object by input name (${listNames(specs)})`,
  )
}

function readLengths(
  argument: string,
  given: unknown,
  shape: readonly number[],
  relation: string,
  most: readonly number[],
): readonly number[] {
  const isFitting =
    Array.isArray(given) &&
    given.length === shape.length &&
    given.every((length, axis) => Number.isInteger(length) && length >= 1 && length <= most[axis]!)
  if (isFitting) return given as readonly number[]
  throw new InvalidArgumentError(
    argument,
    Array.isArray(given) ? `[${given.join(', ')}]` : describe(given),
    `an integer for each axis of an example, from 1 to ${relation} [${most.join(', ')}]`,
  )
}

import { InvalidArgumentError } from '../../errors.js'
import { type NdArray, sameShape, sizeOf } from '../../ndarray.js'
import { describe } from '../../options.js'
import type { ArraySpec } from '../../predictor.js'

interface InputFeatures {
  /** The index of the input's first feature. */
  readonly first: number
  /** The number of features, and the number of elements in each of them. */
  readonly count: number
  readonly width: number
  /** The distance between the first elements of two features, and between two elements of one. */
  readonly step: number
  readonly stride: number
  readonly exampleSize: number
}

/** How the inputs of an example divide into features. A feature is removed or kept as a whole. */
export interface Features {
  readonly count: number
  readonly inputs: readonly InputFeatures[]
}

/**
 * Divides inputs [N, …] into features: single elements or, if grouped, all elements along the
 * channel axis. That is the last axis, or the first one after the examples if the input's spec says
 * so.
 *
 * @param groupLastAxis for every input; undefined groups images (three axes per example) only
 */
export function divideIntoFeatures(
  x: readonly NdArray[],
  groupLastAxis: boolean | undefined,
  specs: readonly Pick<ArraySpec, 'channels'>[],
): Features {
  if (groupLastAxis !== undefined && typeof groupLastAxis !== 'boolean') {
    throw new InvalidArgumentError('groupLastAxis', describe(groupLastAxis), 'true or false')
  }
  let first = 0
  const inputs = x.map(({ shape }, j): InputFeatures => {
    const example = shape.slice(1)
    const exampleSize = sizeOf(example)
    const isGrouped = groupLastAxis ?? example.length === 3
    const isFirst = specs[j]?.channels === 'first'
    const width = isGrouped ? (example.at(isFirst ? 0 : -1) ?? 1) : 1
    const count = exampleSize / width
    const [step, stride] = isFirst ? [1, count] : [width, 1]
    first += count
    return { first: first - count, count, width, step, stride, exampleSize }
  })
  return { count: first, inputs }
}

/** Copies one feature of an example to `to`, the inputs of that example alone. */
export function copyFeature(
  { inputs }: Features,
  feature: number,
  from: readonly NdArray[],
  example: number,
  to: readonly Float32Array[],
): void {
  let j = inputs.length - 1
  while (inputs[j]!.first > feature) j--
  const { first, width, step, stride, exampleSize } = inputs[j]!
  const source = from[j]!.data
  const target = to[j]!
  for (let k = 0; k < width; k++) {
    const at = (feature - first) * step + k * stride
    target[at] = source[example * exampleSize + at]!
  }
}

/** Copies all inputs of an example to `to`. */
export function copyExample(
  { inputs }: Features,
  from: readonly NdArray[],
  example: number,
  to: readonly Float32Array[],
): void {
  for (const [j, { exampleSize }] of inputs.entries()) {
    const start = example * exampleSize
    to[j]!.set(from[j]!.data.subarray(start, start + exampleSize))
  }
}

/**
 * Sums attributions over each feature's elements. Returns [N, features]. Attributions of an image may have one value for all
 * channels, as those of GradCam do.
 *
 * @throws InvalidArgumentError unless there is one array per input of x, with the input's shape
 */
export function sumOverFeatures(
  attributions: readonly NdArray[],
  x: readonly NdArray[],
  features: Features,
): Float64Array {
  if (attributions.length !== x.length) {
    throw new InvalidArgumentError(
      'attributions',
      describeCount(attributions.length),
      `${describeCount(x.length)}, one per model input`,
    )
  }
  const exampleCount = x[0]?.shape[0] ?? 0
  const sums = new Float64Array(exampleCount * features.count)
  for (const [j, { first, count, width, stride, exampleSize }] of features.inputs.entries()) {
    const expected = x[j]!.shape
    const { data, shape } = spreadOverChannels(attributions[j]!, expected, width, stride !== 1)
    if (!sameShape(shape, expected)) {
      throw new InvalidArgumentError(
        x.length === 1 ? 'attributions' : `attributions[${j}]`,
        `shape [${shape.join(', ')}]`,
        `shape [${expected.join(', ')}], the shape of the explained inputs`,
      )
    }
    for (let at = 0; at < data.length; at++) {
      const example = Math.floor(at / exampleSize)
      const within = at % exampleSize
      const feature = first + (stride === 1 ? Math.floor(within / width) : within % count)
      sums[example * features.count + feature]! += data[at]!
    }
  }
  return sums
}

/** The value of each pixel, divided among the elements of its feature. */
function spreadOverChannels(
  array: NdArray,
  expected: readonly number[],
  width: number,
  isFirst: boolean,
): NdArray {
  const channelAxis = isFirst ? 1 : expected.length - 1
  const { data, shape } = array
  const isOfPixels =
    expected.length === 4 &&
    shape[channelAxis] === 1 &&
    sameShape(shape.with(channelAxis, expected[channelAxis]!), expected)
  if (!isOfPixels) return array
  const count = expected[channelAxis]!
  const inner = sizeOf(expected.slice(channelAxis + 1))
  const spread = Float64Array.from(
    { length: data.length * count },
    (_, at) => data[Math.floor(at / (count * inner)) * inner + (at % inner)]! / width,
  )
  return { data: spread, shape: expected }
}

const describeCount = (count: number): string => (count === 1 ? 'one array' : `${count} arrays`)

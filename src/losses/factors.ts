import { InvalidArgumentError } from '../errors.js'
import { indexOf, type NdArray, sameShape, sizeOf } from '../ndarray.js'
import type { GivenLabels, Labels } from './labels.js'
import type { LossSettings } from './loss.js'
import { labelForm } from './names.js'

/**
 * Labels with the factor of each position's loss, from the loss's options, the sample weights and the mask.
 *
 * @param labels in the loss's form, [n, …]
 * @throws InvalidArgumentError for weights or masks that don't fit, or an example of which nothing counts
 */
export function withFactors(
  argument: string,
  loss: LossSettings,
  labels: NdArray,
  { sampleWeight, mask }: Pick<GivenLabels, 'sampleWeight' | 'mask'>,
): Labels {
  const { reduction, ignoreLabel, classWeight } = loss
  const isPlain =
    reduction === 'mean' &&
    [ignoreLabel, classWeight].every((option) => option === null) &&
    [sampleWeight, mask].every((array) => array === undefined)
  if (isPlain) return { ...labels, factors: undefined }
  const shape = positionShape(loss, labels)
  const [exampleCount = 0, ...positions] = shape
  const positionCount = sizeOf(positions)
  const weights = new Float64Array(sizeOf(shape)).fill(1)
  if (sampleWeight !== undefined) multiply(weights, readWeights(argument, sampleWeight, shape))
  const counts = mask === undefined ? undefined : readMask(argument, mask, shape)
  const isCounted = (at: number): boolean =>
    counts?.[at] !== 0 && (ignoreLabel === null || labels.data[at] !== ignoreLabel)
  if (classWeight !== null) {
    multiply(weights, classWeights(argument, loss, labels, classWeight, shape, isCounted))
  }
  const factors = new Float32Array(weights.length)
  for (let i = 0; i < exampleCount; i++) {
    const own = Array.from({ length: positionCount }, (_, t) => i * positionCount + t)
    const counted = own.filter(isCounted)
    const total = counted.reduce((sum, at) => sum + weights[at]!, 0)
    if (!(total > 0)) throw nothingCounts(argument, i, counted.length, loss)
    const divisor = { mean: counted.length, weightedMean: total, sum: 1 }[reduction]
    for (const at of counted) factors[at] = weights[at]! / divisor
  }
  return { ...uncounted(labels, factors), factors: { data: factors, shape } }
}

/** [n, …positions] of labels in the loss's form: a position is what the loss has one value for. */
const positionShape = ({ name }: LossSettings, { shape }: NdArray): number[] =>
  labelForm(name) === 'class' || shape.length === 1 ? [...shape] : shape.slice(0, -1)

function multiply(weights: Float64Array, others: ArrayLike<number>): void {
  for (let at = 0; at < weights.length; at++) weights[at]! *= others[at]!
}

function readWeights(
  argument: string,
  weights: NdArray,
  shape: readonly number[],
): ArrayLike<number> {
  const name = `${argument}.sampleWeight`
  const [exampleCount = 0] = shape
  const positionCount = sizeOf(shape.slice(1))
  const at = weights.data.findIndex((weight) => !(Number.isFinite(weight) && weight >= 0))
  if (at >= 0) throw refused(name, weights, at, 'finite weights of 0 or more')
  if (fits(weights.shape, shape)) return weights.data
  if (sameShape(weights.shape, [exampleCount])) {
    return Float64Array.from(
      { length: sizeOf(shape) },
      (_, place) => weights.data[Math.floor(place / positionCount)]!,
    )
  }
  throw misfit(
    name,
    weights,
    `shape [${exampleCount}], one weight per example, or [${shape.join(', ')}], one per position`,
  )
}

function readMask(argument: string, mask: NdArray, shape: readonly number[]): ArrayLike<number> {
  const name = `${argument}.mask`
  if (!fits(mask.shape, shape)) throw misfit(name, mask, `shape [${shape.join(', ')}]`)
  const at = mask.data.findIndex((value) => value !== 0 && value !== 1)
  if (at < 0) return mask.data
  throw refused(name, mask, at, 'true or false, 1 or 0; other weights go into sampleWeight')
}

/** Axes of length 1 don't matter, nor does the batch axis of a single example. */
function fits(given: readonly number[], shape: readonly number[]): boolean {
  const own = (axes: readonly number[]): number[] => axes.slice(1).filter((length) => length !== 1)
  if (given[0] === shape[0] && sameShape(own(given), own(shape))) return true
  return shape[0] === 1 && sameShape(own([1, ...given]), own(shape))
}

/** The weight of each position by the class of its label. */
function classWeights(
  argument: string,
  { name }: LossSettings,
  { data }: NdArray,
  weights: ReadonlyMap<number, number>,
  shape: readonly number[],
  isCounted: (at: number) => boolean,
): ArrayLike<number> {
  const count = sizeOf(shape)
  const size = data.length / count
  const form = labelForm(name)
  const classOf = (at: number): number => {
    if (form === 'class') return data[at]!
    const own = data.subarray(at * size, (at + 1) * size)
    const place = own.indexOf(1)
    if (form === 'signs') return place === 0 ? 1 : 0
    if (own.every((label, k) => label === (k === place ? 1 : 0))) {
      if (form === 'bits') return place === 0 ? 1 : 0
      if (place >= 0) return place
    }
    throw new InvalidArgumentError(
      argument,
      `the label [${own.join(', ')}] at [${indexOf(at, shape).join(', ')}], with classWeight`,
      form === 'bits'
        ? 'labels 0 or 1; for others, give sampleWeight'
        : 'one-hot labels: Keras and PyTorch weight others differently; give sampleWeight for them',
    )
  }
  return Float64Array.from({ length: count }, (_, at) =>
    isCounted(at) ? (weights.get(classOf(at)) ?? 1) : 0,
  )
}

/** The labels with zeros where the factor is 0: no adapter looks up a class that doesn't exist. */
function uncounted({ data, shape }: NdArray, factors: Float32Array): NdArray {
  const size = data.length / factors.length
  return { data: data.map((label, k) => (factors[Math.floor(k / size)] === 0 ? 0 : label)), shape }
}

function nothingCounts(
  argument: string,
  example: number,
  countedCount: number,
  { ignoreLabel }: LossSettings,
): InvalidArgumentError {
  const causes = ignoreLabel === null ? 'mask' : `mask, or ignoreLabel ${ignoreLabel}`
  const reason =
    countedCount === 0 ? `no position that counts (${causes})` : 'weights that sum to zero'
  return new InvalidArgumentError(
    argument,
    `example ${example} with ${reason}`,
    'a positive weight at one position or more; leave such examples out',
  )
}

const refused = (
  argument: string,
  { data, shape }: NdArray,
  at: number,
  expected: string,
): InvalidArgumentError =>
  new InvalidArgumentError(
    argument,
    `${String(data[at])} at [${indexOf(at, shape).join(', ')}]`,
    expected,
  )

const misfit = (argument: string, { shape }: NdArray, expected: string): InvalidArgumentError =>
  new InvalidArgumentError(argument, `shape [${shape.join(', ')}]`, expected)

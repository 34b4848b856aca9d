import { InvalidArgumentError } from '../../errors.js'
import { withFactors } from '../../losses/factors.js'
import type { GivenLabels, Labels } from '../../losses/labels.js'
import type { LossSettings } from '../../losses/loss.js'
import { labelForm, type LossName, lossNames } from '../../losses/names.js'
import {
  assertFinite,
  indexOf,
  lookAtTheModel,
  type NdArray,
  sameShape,
  sizeOf,
} from '../../ndarray.js'
import type { ArraySpec } from '../../predictor.js'

/** A loss as it was read; a framework's function isn't looked into here. */
export type AnyLoss = LossSettings | ((yTrue: never, yPred: never) => unknown)

/**
 * Reads labels into the form that the loss takes, [N, …]: for a named loss the output's shape, without its
 * last axis for the sparse ones; for a loss function, what the user gave.
 *
 * @param exampleShape the shape of one label, where it is known: then a single label is broadcast to all
 * @throws InvalidArgumentError if shape, length or a class index does not fit; NonFiniteError for NaN
 */
export function readLabels(
  argument: string,
  y: GivenLabels & { readonly labels: NdArray },
  exampleCount: number,
  loss: AnyLoss,
  output: ArraySpec,
  exampleShape?: readonly number[],
): Labels {
  assertFinite(argument, y.labels)
  const labels =
    exampleShape === undefined ? y.labels : broadcast(y.labels, exampleShape, exampleCount)
  if (labels.shape[0] !== exampleCount) {
    const length = labels.shape.length === 0 ? 'one label' : `${String(labels.shape[0])} labels`
    throw new InvalidArgumentError(
      argument,
      `${length} for ${exampleCount} examples`,
      'one label per example',
    )
  }
  if (typeof loss === 'function') {
    return weighted(argument, asAtFit(argument, labels, exampleShape), loss, y)
  }
  const { name } = loss
  const read = weighted(argument, inLossForm(argument, labels, name, output), loss, y)
  // Errors have the place in the array that was given.
  const given = { data: read.data, shape: labels.shape }
  switch (labelForm(name)) {
    case 'class':
      assertClasses(argument, given, output.shape.at(-1) ?? null)
      return read
    case 'shares':
    case 'bits':
      assertShares(argument, given)
      return read
    case 'signs':
      return { ...read, data: signs(argument, given, read.factors) }
    case 'values':
      return read
  }
}

/**
 * Labels in the loss's form with the factors of their positions.
 *
 * @throws InvalidArgumentError for weights or masks that don't fit, or that are given to a loss function
 */
export function weighted(
  argument: string,
  labels: NdArray,
  loss: AnyLoss,
  weights: Pick<GivenLabels, 'sampleWeight' | 'mask'>,
): Labels {
  if (typeof loss !== 'function') return withFactors(argument, loss, labels, weights)
  const given = (['sampleWeight', 'mask'] as const).find((key) => weights[key] !== undefined)
  if (given === undefined) return { ...labels, factors: undefined }
  throw new InvalidArgumentError(
    `${argument}.${given}`,
    'it with a loss function',
    'a named loss; a function gets labels and predictions alone, so put weights into the labels',
  )
}

/** What a loss function was fitted with, it also gets to explain: no other rank, no other length. */
function asAtFit(argument: string, labels: NdArray, exampleShape?: readonly number[]): NdArray {
  const [exampleCount = 0, ...own] = labels.shape
  if (exampleShape === undefined || sameShape(own, exampleShape)) return labels
  if (sameShape(withoutOnes(own), withoutOnes(exampleShape))) {
    return { data: labels.data, shape: [exampleCount, ...exampleShape] }
  }
  throw new InvalidArgumentError(
    argument,
    `shape [${labels.shape.join(', ')}]`,
    `shape [${['examples', ...exampleShape].join(', ')}], as the labels that fit was given`,
  )
}

function broadcast(
  labels: NdArray,
  exampleShape: readonly number[],
  exampleCount: number,
): NdArray {
  const isOne = sameShape(withoutOnes(labels.shape), withoutOnes(exampleShape))
  if (!isOne) return labels
  const size = sizeOf(exampleShape)
  const data = new Float64Array(exampleCount * size)
  for (let row = 0; row < exampleCount; row++) data.set(labels.data, row * size)
  return { data, shape: [exampleCount, ...exampleShape] }
}

function inLossForm(argument: string, labels: NdArray, loss: LossName, output: ArraySpec): NdArray {
  const exampleCount = labels.shape[0] ?? 0
  const isSparse = loss.startsWith('sparse')
  const perExample = isSparse ? output.shape.slice(0, -1) : output.shape
  const unknownAxes = perExample.includes(null)
  const expectedShape = [
    exampleCount,
    ...perExample.map((length, i) => length ?? labels.shape[i + 1] ?? 1),
  ]
  // [N] and [N, 1] both stand for one number per example.
  if (
    sizeOf(labels.shape) !== sizeOf(expectedShape) ||
    !sameButForOnes(labels.shape, expectedShape)
  ) {
    const form = ['examples', ...perExample.map((length) => length ?? 'any')].join(', ')
    const hint = hintFor(loss, labels, output)
    throw new InvalidArgumentError(
      argument,
      `shape [${labels.shape.join(', ')}]`,
      `shape [${form}] for '${loss}'${hint}`,
    )
  }
  return { data: labels.data, shape: unknownAxes ? labels.shape : expectedShape }
}

/** −1 for the lower label, −1 or 0; 1 for the other one. Labels of positions that don't count may be 0. */
function signs(argument: string, labels: NdArray, factors: NdArray | undefined): Float64Array {
  const { data } = labels
  const size = data.length / (factors?.data.length ?? data.length)
  const isLow = (k: number): boolean => data[k] !== 1 && factors?.data[Math.floor(k / size)] !== 0
  const low = data.find((_, k) => isLow(k)) ?? 0
  const offset = data.findIndex((label, k) => isLow(k) && (label !== low || ![-1, 0].includes(low)))
  if (offset >= 0) throw notALabel(argument, labels, offset, '−1 and 1, or 0 and 1')
  return Float64Array.from(data, (label) => (label === 1 ? 1 : -1))
}

/** Class indices where one-hot rows go, and the other way round: which loss takes what was given. */
function hintFor(loss: LossName, labels: NdArray, output: ArraySpec): string {
  const rank = labels.shape.length - 1
  const sparse = loss.replace(/^c/, 'sparseC')
  if (
    (lossNames as readonly string[]).includes(sparse) &&
    loss !== sparse &&
    rank === output.shape.length - 1
  ) {
    return ` (class indices go with '${sparse}')`
  }
  if (loss.startsWith('sparse') && rank === output.shape.length) {
    return ` (one-hot rows go with '${loss.replace(/^sparseC/, 'c')}')`
  }
  return ''
}

function sameButForOnes(a: readonly number[], b: readonly number[]): boolean {
  return a[0] === b[0] && sameShape(withoutOnes(a.slice(1)), withoutOnes(b.slice(1)))
}

const withoutOnes = (shape: readonly number[]): number[] => shape.filter((length) => length !== 1)

function assertClasses(argument: string, labels: NdArray, classCount: number | null): void {
  const isClass = (label: number): boolean =>
    Number.isInteger(label) && label >= 0 && (classCount === null || label < classCount)
  const offset = labels.data.findIndex((label) => !isClass(label))
  if (offset < 0) return
  const most = classCount === null ? '…' : String(classCount - 1)
  throw notALabel(argument, labels, offset, `class indices from 0 to ${most}`)
}

function assertShares(argument: string, labels: NdArray): void {
  const offset = labels.data.findIndex((label) => label < 0 || label > 1)
  if (offset >= 0) throw notALabel(argument, labels, offset, 'probabilities, from 0 to 1')
}

const notALabel = (
  argument: string,
  { data, shape }: NdArray,
  offset: number,
  expected: string,
): InvalidArgumentError =>
  new InvalidArgumentError(
    argument,
    `${String(data[offset])} at [${indexOf(offset, shape).join(', ')}]`,
    expected,
  )

/**
 * The predicted labels, in the format of the training labels: the arg-max over the last axis as class index
 * or one-hot; for the binary losses, whether each probability is above one half, each logit above 0.
 *
 * @throws InvalidArgumentError where no label can be read off the prediction; NonFiniteError if it is NaN or infinite
 */
export function predictedLabels(
  predictions: NdArray,
  loss: AnyLoss,
  trainLabelShape: readonly number[],
): NdArray {
  assertFinite('the predictions at x', predictions, lookAtTheModel)
  const [exampleCount = 0, ...own] = predictions.shape
  const classCount = sizeOf(own.slice(-1))
  const shape = [exampleCount, ...trainLabelShape]
  const asOutput = sameShape(withoutOnes(trainLabelShape), withoutOnes(own))
  const choice = typeof loss === 'function' ? undefined : yesNo(loss.name)
  if (choice !== undefined && asOutput) {
    const { threshold, no } = choice
    return { data: Float64Array.from(predictions.data, (p) => (p > threshold ? 1 : no)), shape }
  }
  if (classCount === 1) throw noLabel('a single output means no class to this loss')
  const asIndex = sameShape(withoutOnes(trainLabelShape), withoutOnes(own.slice(0, -1)))
  if (!asOutput && !asIndex) {
    const [labels, outputs] = [trainLabelShape, own].map((axes) => `[${axes.join(', ')}]`)
    throw noLabel(
      `labels of shape ${String(labels)} cannot be read off outputs of shape ${String(outputs)}`,
    )
  }
  const positionCount = predictions.data.length / classCount
  const data = new Float64Array(asOutput ? predictions.data.length : positionCount)
  for (let position = 0; position < positionCount; position++) {
    const offset = position * classCount
    let best = 0
    for (let k = 1; k < classCount; k++) {
      if ((predictions.data[offset + k] ?? 0) > (predictions.data[offset + best] ?? 0)) best = k
    }
    if (asOutput) data[offset + best] = 1
    else data[position] = best
  }
  return { data, shape }
}

/** Above the threshold an output means label 1; else label `no`. Undefined for losses without such labels. */
function yesNo(name: LossName): { threshold: number; no: number } | undefined {
  if (labelForm(name) === 'signs') return { threshold: 0, no: -1 }
  if (labelForm(name) !== 'bits') return undefined
  return { threshold: name.endsWith('FromLogits') ? 0 : 0.5, no: 0 }
}

const noLabel = (reason: string): InvalidArgumentError =>
  new InvalidArgumentError('y', `none, but ${reason}`, 'the label of each example')

import { InvalidArgumentError } from '../../errors.js'
import { type ArrayInput, toNdArray } from '../../array-input.js'
import {
  assertFinite,
  indexOf,
  lookAtTheModel,
  type NdArray,
  sameShape,
  sizeOf,
} from '../../ndarray.js'
import { describe } from '../../options.js'
import { type ArraySpec, type LossName, lossNames } from '../../predictor.js'

/** A loss by name, or a framework's function that is not looked into here. */
export type AnyLoss = LossName | ((yTrue: never, yPred: never) => unknown)

/** @throws InvalidArgumentError for anything but a function or the name of a loss */
export function checkLossName(lossFn: unknown): void {
  if (typeof lossFn === 'function' || (lossNames as readonly unknown[]).includes(lossFn)) return
  const names = lossNames.map((name) => `'${name}'`).join(', ')
  throw new InvalidArgumentError(
    'lossFn',
    describe(lossFn),
    `a function (yTrue, yPred) => loss, or one of ${names}`,
  )
}

/**
 * Reads labels into the form that the loss takes, [N, …]: for a named loss the output's shape, without its
 * last axis for the sparse ones; for a loss function, what the user gave.
 *
 * @param exampleShape the shape of one label, where it is known: then a single label is broadcast to all
 * @throws InvalidArgumentError if shape, length or a class index does not fit; NonFiniteError for NaN
 */
export async function readLabels(
  argument: string,
  y: ArrayInput,
  exampleCount: number,
  loss: AnyLoss,
  output: ArraySpec,
  exampleShape?: readonly number[],
): Promise<NdArray> {
  const given = await toNdArray(argument, y)
  assertFinite(argument, given)
  const labels = exampleShape === undefined ? given : broadcast(given, exampleShape, exampleCount)
  if (labels.shape[0] !== exampleCount) {
    const length = labels.shape.length === 0 ? 'one label' : `${String(labels.shape[0])} labels`
    throw new InvalidArgumentError(
      argument,
      `${length} for ${exampleCount} examples`,
      'one label per example',
    )
  }
  if (typeof loss === 'function') return asAtFit(argument, labels, exampleShape)
  const read = inLossForm(argument, labels, loss, output)
  if (loss.startsWith('sparse')) assertClasses(argument, labels, output.shape.at(-1) ?? null)
  else if (loss.includes('Crossentropy')) assertShares(argument, labels)
  return read
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

/** Class indices where one-hot rows go, and the other way round: which loss takes what was given. */
function hintFor(loss: LossName, labels: NdArray, output: ArraySpec): string {
  const rank = labels.shape.length - 1
  if (loss.startsWith('categorical') && rank === output.shape.length - 1) {
    return ` (class indices go with '${loss.replace(/^c/, 'sparseC')}')`
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
  throw new InvalidArgumentError(
    argument,
    `${String(labels.data[offset])} at [${indexOf(offset, labels.shape).join(', ')}]`,
    `class indices from 0 to ${classCount === null ? '…' : String(classCount - 1)}`,
  )
}

function assertShares(argument: string, labels: NdArray): void {
  const offset = labels.data.findIndex((label) => label < 0 || label > 1)
  if (offset < 0) return
  throw new InvalidArgumentError(
    argument,
    `${String(labels.data[offset])} at [${indexOf(offset, labels.shape).join(', ')}]`,
    'probabilities, from 0 to 1',
  )
}

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
  const threshold = thresholds.get(loss)
  if (threshold !== undefined && asOutput) {
    return { data: Float64Array.from(predictions.data, (p) => (p > threshold ? 1 : 0)), shape }
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

/** Above it, an output speaks for its class. */
const thresholds: ReadonlyMap<AnyLoss, number> = new Map<AnyLoss, number>([
  ['binaryCrossentropy', 0.5],
  ['binaryCrossentropyFromLogits', 0],
])

const noLabel = (reason: string): InvalidArgumentError =>
  new InvalidArgumentError('y', `none, but ${reason}`, 'the label of each example')

import { InvalidArgumentError } from '../errors.js'
import type { ArrayInput, NdArray } from '../ndarray.js'
import { assertFinite, indexOf, sameShape, sizeOf, toNdArray } from '../ndarray.js'
import type { ArraySpec, LossName } from '../predictor.js'

/** A loss by name, or a framework's function that is not looked into here. */
export type AnyLoss = LossName | ((yTrue: never, yPred: never) => unknown)

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
  rowCount: number,
  loss: AnyLoss,
  output: ArraySpec,
  exampleShape?: readonly number[],
): Promise<NdArray> {
  const given = await toNdArray(argument, y)
  assertFinite(argument, given)
  const labels = exampleShape === undefined ? given : broadcast(given, exampleShape, rowCount)
  if (labels.shape[0] !== rowCount) {
    const length = labels.shape.length === 0 ? 'one label' : `${String(labels.shape[0])} labels`
    throw new InvalidArgumentError(
      argument,
      `${length} for ${String(rowCount)} examples`,
      'one label per example',
    )
  }
  return typeof loss === 'function' ? labels : inLossForm(argument, labels, loss, output)
}

function broadcast(labels: NdArray, exampleShape: readonly number[], rowCount: number): NdArray {
  const isOne = sameShape(withoutOnes(labels.shape), withoutOnes(exampleShape))
  if (!isOne) return labels
  const size = sizeOf(exampleShape)
  const data = new Float64Array(rowCount * size)
  for (let row = 0; row < rowCount; row++) data.set(labels.data, row * size)
  return { data, shape: [rowCount, ...exampleShape] }
}

function inLossForm(argument: string, labels: NdArray, loss: LossName, output: ArraySpec): NdArray {
  const rowCount = labels.shape[0] ?? 0
  const isSparse = loss.startsWith('sparse')
  const perExample = isSparse ? output.shape.slice(0, -1) : output.shape
  const unknownAxes = perExample.includes(null)
  const expectedShape = [
    rowCount,
    ...perExample.map((length, i) => length ?? labels.shape[i + 1] ?? 1),
  ]
  // [N] and [N, 1] both stand for one number per example.
  if (
    sizeOf(labels.shape) !== sizeOf(expectedShape) ||
    !sameButForOnes(labels.shape, expectedShape)
  ) {
    const form = ['examples', ...perExample.map((length) => length ?? 'any')].join(', ')
    const hint = labels.shape.length === 1 && loss.startsWith('categorical') ? sparseHint : ''
    throw new InvalidArgumentError(
      argument,
      `shape [${labels.shape.join(', ')}]`,
      `shape [${form}] for '${loss}'${hint}`,
    )
  }
  if (isSparse) assertClasses(argument, labels, output.shape.at(-1) ?? null)
  return { data: labels.data, shape: unknownAxes ? labels.shape : expectedShape }
}

const sparseHint = " (class indices go with 'sparseCategoricalCrossentropy')"

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

/**
 * The predicted labels, in the format of the training labels: the arg-max as class index or one-hot; for a
 * single probability or logit, whether it is above one half or 0.
 *
 * @throws InvalidArgumentError where no label can be read off the prediction
 */
export function predictedLabels(
  predictions: NdArray,
  loss: AnyLoss,
  trainLabelShape: readonly number[],
): NdArray {
  const [rowCount = 0, ...own] = predictions.shape
  const classCount = own.at(-1) ?? 1
  const asOneHot = sameShape(trainLabelShape, own)
  if (own.length > 1 || (!asOneHot && sizeOf(trainLabelShape) !== 1)) {
    throw noLabel(`predictions of shape [${predictions.shape.join(', ')}]`)
  }
  if (classCount === 1) {
    const threshold = loss === 'binaryCrossentropy' ? 0.5 : 0
    if (typeof loss !== 'string' || !loss.startsWith('binary')) {
      throw noLabel('a single output, and a loss that does not say what it means')
    }
    const data = Float64Array.from(predictions.data, (value) => (value > threshold ? 1 : 0))
    return { data, shape: [rowCount, ...trainLabelShape] }
  }
  const data = new Float64Array(rowCount * (asOneHot ? classCount : 1))
  for (let row = 0; row < rowCount; row++) {
    const scores = predictions.data.subarray(row * classCount, (row + 1) * classCount)
    let best = 0
    for (let k = 1; k < classCount; k++) if ((scores[k] ?? 0) > (scores[best] ?? 0)) best = k
    if (asOneHot) data[row * classCount + best] = 1
    else data[row] = best
  }
  return { data, shape: [rowCount, ...trainLabelShape] }
}

const noLabel = (got: string): InvalidArgumentError =>
  new InvalidArgumentError('y', `none, and ${got}`, 'the label of each example')

import { InvalidArgumentError } from '../../errors.js'
import { type ArrayInput, toNdArray } from '../../array-input.js'
import { type NdArray, sizeOf } from '../../ndarray.js'
import type { ArraySpec } from '../../predictor.js'

/** A sum of outputs, of every example: indices of the outputs, or a row of indices for each. */
export interface SumOfOutputs {
  readonly sum: ArrayInput
}

/** Several targets, all in the same form. */
export interface EachTarget {
  readonly each: readonly (ArrayInput | SumOfOutputs)[]
}

/** Which output is explained, a sum of some, or several in turn. */
export type TargetInput = ArrayInput | SumOfOutputs | EachTarget

/** Which element of each example's output is explained, or the sum of some. */
export interface Target {
  /** Per example, the offsets of its terms into its own flattened output. */
  readonly indices: Int32Array
  /** How many terms there are per example; 1 unless a sum is explained. */
  readonly terms: number
  /** Per example, 1, or −1 where class 0 of a single score F is meant: its score is 1 − F. */
  readonly signs: Int8Array
}

/**
 * Reads a target for outputs of shape [N, …].
 *
 * - No target: allowed where each example has one output.
 * - One output: 0 or 1, for all or one per example.
 * - A vector of outputs: an index for all, or one per example.
 * - Outputs of higher rank: one row of indices per example, [N, rank − 1].
 *
 * @param outputShape of the predictions
 * @throws InvalidArgumentError if it is missing, no integer, negative, out of range, or of another rank or length.
 */
export async function readTarget(
  target: ArrayInput | undefined,
  outputShape: readonly number[],
  { name: outputName }: Pick<ArraySpec, 'name'>,
  argument = 'target',
): Promise<{ target: Target; array: NdArray | null }> {
  const [exampleCount = 0, ...own] = outputShape
  const indices = new Int32Array(exampleCount)
  const signs = new Int8Array(exampleCount).fill(1)
  const isSingle = sizeOf(own) === 1
  const refuse = (got: string, expected: string): never => {
    throw new InvalidArgumentError(argument, got, `${expected}, for output '${outputName}'`)
  }
  if (target === undefined) {
    if (isSingle) return { target: { indices, signs, terms: 1 }, array: null }
    return refuse(
      'none',
      `one for outputs of shape [${own.join(', ')}]: ${expectedLayout(own, exampleCount)}`,
    )
  }
  const array = await toNdArray(argument, target)
  const axes = isSingle ? [2] : own
  const perExample =
    spread(array, axes, exampleCount) ??
    refuse(`shape [${array.shape.join(', ')}]`, expectedLayout(axes, exampleCount))
  for (let i = 0; i < exampleCount; i++) {
    const row = axes.map((length, axis) => {
      const value = perExample(i, axis)
      if (Number.isInteger(value) && value >= 0 && value < length) return value
      const at = array.shape.length === 0 ? '' : ` for example ${i}`
      const meaning = isSingle ? ' (one output: class 0 or 1)' : ''
      return refuse(`${value}${at}`, `an integer from 0 to ${length - 1}${meaning}`)
    })
    if (isSingle) signs[i] = row[0] === 1 ? 1 : -1
    else indices[i] = row.reduce((offset, index, axis) => offset * (own[axis] ?? 1) + index, 0)
  }
  return { target: { indices, signs, terms: 1 }, array: asIntegers(array, exampleCount) }
}

/** Reads the target's value for an example and an axis of its output; undefined if it has no such shape. */
function spread(
  array: NdArray,
  axes: readonly number[],
  exampleCount: number,
): ((example: number, axis: number) => number) | undefined {
  const { data, shape } = array
  const isRowPerExample =
    axes.length > 1 && shape.length === 2 && shape[0] === exampleCount && shape[1] === axes.length
  if (isRowPerExample) return (example, axis) => data[example * axes.length + axis] ?? NaN
  if (axes.length === 1 && shape.length === 0) return () => data[0] ?? NaN
  if (axes.length === 1 && shape.length === 1 && shape[0] === exampleCount) {
    return (example) => data[example] ?? NaN
  }
  return undefined
}

function expectedLayout(axes: readonly number[], exampleCount: number): string {
  return axes.length > 1
    ? `one row of ${axes.length} indices per example, shape [${exampleCount}, ${axes.length}]`
    : `an index, or one per example, shape [${exampleCount}]`
}

/** The target as the explanation carries it: one entry, or one row, per example. */
function asIntegers(array: NdArray, exampleCount: number): NdArray {
  if (array.shape.length > 0) return { data: Int32Array.from(array.data), shape: array.shape }
  return { data: new Int32Array(exampleCount).fill(array.data[0] ?? 0), shape: [exampleCount] }
}

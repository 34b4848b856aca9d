import type { Placement } from './batch-layout.js'
import type { TensorInfo } from './tensor-info.js'

/** A tensor as one run of the model computed it. */
export interface ProbedTensor {
  readonly type: TensorInfo['type']
  readonly shape: readonly number[]
  readonly data: ArrayLike<number>
}

/** The numbers of examples of the runs that tell where a batch is. */
export const probeSizes = [2, 3] as const

/** The example of three that is another one in the last run. */
export const changedExample = 1

/** The shapes of a tensor for two and for three examples, and its values where they are needed. */
export interface ProbeRuns {
  readonly two: readonly number[]
  readonly three: readonly number[]
  /** For three examples, and for three of which one is changed; see `needsValues`. */
  readonly values?: { readonly own: ProbedTensor; readonly changed: ProbedTensor } | undefined
}

/** True if the shapes of a tensor leave open whether, or in which order, it has the examples. */
export function needsValues({ two, three }: ProbeRuns): boolean {
  const axes = findBatchAxes(two, three)
  return axes.length === 0 || (axes.length === 1 && three[axes[0]!]! > probeSizes[1])
}

/**
 * Finds where a tensor has its batch. The axis is the one whose length follows the number of examples. The order of the
 * examples on it is the one by which all elements that the changed example changes are its own.
 *
 * @returns undefined for a tensor that doesn't depend on the batch
 */
export function placeTensor({ two, three, values }: ProbeRuns): Placement | undefined {
  const [smaller, larger] = probeSizes
  if (two.length !== three.length) return { why: 'its rank depends on the batch' }
  const axes = findBatchAxes(two, three)
  const [axis] = axes
  if (axes.length > 1) return { why: `it has the batch on axes ${axes.join(' and ')}` }
  if (axis === undefined) {
    return values === undefined || isEqual(values.own, values.changed)
      ? undefined
      : { why: 'it has no batch axis, and mixes the examples' }
  }
  const length = three[axis]! / larger
  if (!Number.isInteger(length) || length * smaller !== two[axis]) {
    return { why: `the length of its axis ${axis} is not a multiple of the batch size` }
  }
  const reached = values === undefined ? [] : findChanges(values.own, values.changed, axis)
  const fitting = divisorsOf(length).filter((inner) =>
    reached.every((index) => Math.floor(index / inner) % larger === changedExample),
  )
  if (fitting.length === 0) return { why: `its axis ${axis} mixes the examples` }
  if (fitting.length > 1) {
    return { why: `the order of the examples on its axis ${axis} could not be found out` }
  }
  const [inner] = fitting as [number]
  return { axis, outer: length / inner, inner }
}

const findBatchAxes = (two: readonly number[], three: readonly number[]): number[] =>
  [...three.keys()].filter((axis) => two[axis] !== three[axis])

/** The shape of a tensor for any number of examples: null where its length follows it. */
export const shapeForAnyBatch = ({ two, three }: ProbeRuns): (number | null)[] =>
  three.map((length, axis) => (two[axis] === length ? length : null))

/** The indices of an axis at which two runs differ. */
function findChanges(one: ProbedTensor, other: ProbedTensor, axis: number): number[] {
  const { shape } = one
  const length = shape[axis]!
  const inner = shape.slice(axis + 1).reduce((size, own) => size * own, 1)
  const changed = new Set<number>()
  for (let k = 0; k < one.data.length; k++) {
    if (differs(one.data[k]!, other.data[k]!)) changed.add(Math.floor(k / inner) % length)
  }
  return [...changed]
}

const isEqual = (one: ProbedTensor, other: ProbedTensor): boolean =>
  Array.from(one.data).every((value, k) => !differs(value, other.data[k]!))

/** The same kernels round alike, except where threads or a GPU add in another order. */
const tolerance = 1e-5

const differs = (one: number, other: number): boolean =>
  Math.abs(one - other) > tolerance * Math.max(Math.abs(one), Math.abs(other))

const divisorsOf = (length: number): number[] =>
  Array.from({ length }, (_, k) => k + 1).filter((divisor) => length % divisor === 0)

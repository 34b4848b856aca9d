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

/** Three runs of a tensor: two examples, three, and three of which one is changed. */
export interface ProbeRuns {
  readonly two: ProbedTensor
  readonly three: ProbedTensor
  readonly changed: ProbedTensor
}

/**
 * Finds where a tensor has its batch. The axis is the one whose length follows the number of examples. The order of the
 * examples on it is the one by which all elements that the changed example changes are its own.
 *
 * @returns undefined for a tensor that doesn't depend on the batch
 */
export function placeTensor({ two, three, changed }: ProbeRuns): Placement | undefined {
  const [smaller, larger] = probeSizes
  const { shape } = three
  if (two.shape.length !== shape.length) return { why: 'its rank depends on the batch' }
  const axes = [...shape.keys()].filter((axis) => two.shape[axis] !== shape[axis])
  const [axis] = axes
  if (axes.length > 1) return { why: `it has the batch on axes ${axes.join(' and ')}` }
  if (axis === undefined) {
    return isEqual(three, changed)
      ? undefined
      : { why: 'it has no batch axis, and mixes the examples' }
  }
  const length = shape[axis]! / larger
  if (!Number.isInteger(length) || length * smaller !== two.shape[axis]) {
    return { why: `the length of its axis ${axis} is not a multiple of the batch size` }
  }
  const reached = findChanges(three, changed, axis)
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

/** The shape of a tensor for any number of examples: null where its length follows it. */
export function shapeForAnyBatch(runs: ProbeRuns): (number | null)[] {
  return runs.three.shape.map((length, axis) => (runs.two.shape[axis] === length ? length : null))
}

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

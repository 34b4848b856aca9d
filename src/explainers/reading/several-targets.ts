import { type ArrayInput, toNdArray } from '../../array-input.js'
import { InvalidArgumentError } from '../../errors.js'
import { type NdArray, sameShape, sizeOf } from '../../ndarray.js'
import { describe } from '../../options.js'
import type { ArraySpec } from '../../predictor.js'
import {
  type EachTarget,
  readTarget,
  type SumOfOutputs,
  type Target,
  type TargetInput,
} from './targets.js'

/** Targets that were copied from the caller's. */
export interface CopiedTargets {
  readonly isSeveral: boolean
  readonly entries: readonly CopiedTarget[]
}

interface CopiedTarget {
  readonly argument: string
  readonly array: NdArray
  readonly isSum: boolean
}

/** Targets of a model's output. */
export interface ChosenTargets {
  readonly targets: readonly Target[]
  /** True if several were asked for: results then have the targets as their first axis. */
  readonly isSeveral: boolean
  /** As the explanation shows them: [N] or, of several, [targets, N]; null for sums. */
  readonly array: NdArray | null
  /** The outputs of a sum, or of several sums. */
  readonly sum: NdArray | null
}

const isSum = (value: unknown): value is SumOfOutputs =>
  typeof value === 'object' && value !== null && 'sum' in value && !('data' in value)

const isEach = (value: unknown): value is EachTarget =>
  typeof value === 'object' && value !== null && 'each' in value && !('data' in value)

/**
 * Copies a target, in any of its forms.
 *
 * @throws InvalidArgumentError for lists of unlike forms, an empty list or an empty sum
 */
export async function copyTargets(given: TargetInput): Promise<CopiedTargets> {
  if (!isEach(given)) return { isSeveral: false, entries: [await copyTarget('target', given)] }
  const list: unknown = given.each
  if (!Array.isArray(list) || list.length === 0) {
    throw new InvalidArgumentError('target.each', describe(list), 'a list of one target or more')
  }
  const entries = await Promise.all(
    (list as EachTarget['each']).map((one, t) => copyTarget(`target.each[${t}]`, one)),
  )
  const [first] = entries
  const other = entries.find(
    (entry) =>
      entry.isSum !== first!.isSum ||
      (entry.isSum
        ? entry.array.shape.length !== first!.array.shape.length
        : !sameShape(entry.array.shape, first!.array.shape)),
  )
  if (other === undefined) return { isSeveral: true, entries }
  throw new InvalidArgumentError(
    other.argument,
    `${formOf(other)}, after ${formOf(first!)}`,
    'targets of one form: all indices, all one per example, or all sums; a single output is a sum of one, { sum: [3] }',
  )
}

async function copyTarget(
  argument: string,
  given: ArrayInput | SumOfOutputs,
): Promise<CopiedTarget> {
  refuseMixed(argument, given)
  if (!isSum(given)) return { argument, array: await toNdArray(argument, given), isSum: false }
  const array = await toNdArray(`${argument}.sum`, given.sum)
  if (array.shape.length > 0 && array.data.length > 0) {
    return { argument: `${argument}.sum`, array, isSum: true }
  }
  throw new InvalidArgumentError(
    `${argument}.sum`,
    describe(given.sum),
    'a list of the outputs that are added, one or more',
  )
}

/** A list with numbers and lists, or sums, could mean one target per example or several targets. */
function refuseMixed(argument: string, given: unknown): void {
  if (!Array.isArray(given)) return
  const forms = new Set(
    given.map((item) => (isSum(item) ? 'sums' : typeof item === 'number' ? 'numbers' : 'lists')),
  )
  if (forms.size < 2 && !forms.has('sums')) return
  throw new InvalidArgumentError(
    argument,
    `a list of ${[...forms].join(' and ')}`,
    'one index per example, or one row of indices per example; for several targets { each: [target, target] }, for a ' +
      'sum of outputs { sum: [index, index] }',
  )
}

function formOf({ array: { shape }, isSum: sums }: CopiedTarget): string {
  if (sums) return `a sum of shape [${shape.join(', ')}]`
  return shape.length === 0 ? 'an index' : `indices of shape [${shape.join(', ')}]`
}

/**
 * Reads targets for outputs of shape [N, …].
 *
 * @throws InvalidArgumentError as `readTarget`; for a sum of a single output
 */
export async function readTargets(
  given: CopiedTargets | undefined,
  outputShape: readonly number[],
  output: Pick<ArraySpec, 'name'>,
): Promise<ChosenTargets> {
  if (given === undefined) {
    const { target, array } = await readTarget(undefined, outputShape, output)
    return { targets: [target], isSeveral: false, array, sum: null }
  }
  const targets: Target[] = []
  const arrays: NdArray[] = []
  for (const { argument, array, isSum: sums } of given.entries) {
    if (sums) {
      targets.push(readSum(argument, array, outputShape, output))
      arrays.push({ data: Int32Array.from(array.data), shape: array.shape })
    } else {
      const one = await readTarget(array, outputShape, output, argument)
      targets.push(one.target)
      arrays.push(one.array!)
    }
  }
  const all = joinArrays(given, arrays)
  const sums = given.entries[0]!.isSum
  return {
    targets,
    isSeveral: given.isSeveral,
    array: sums ? null : all,
    sum: sums ? all : null,
  }
}

/** One array of all targets. Sums with fewer terms than others are filled up with -1. */
function joinArrays({ isSeveral }: CopiedTargets, arrays: readonly NdArray[]): NdArray {
  const length = Math.max(...arrays.map(({ shape }) => shape[0]!))
  const own = arrays[0]!.shape.slice(1)
  const size = length * sizeOf(own)
  const data = new Int32Array(size * arrays.length).fill(-1)
  for (const [t, array] of arrays.entries()) data.set(array.data, t * size)
  return { data, shape: isSeveral ? [arrays.length, length, ...own] : [length, ...own] }
}

function readSum(
  argument: string,
  { data, shape }: NdArray,
  [exampleCount = 0, ...own]: readonly number[],
  { name }: Pick<ArraySpec, 'name'>,
): Target {
  const refuse = (got: string, expected: string): never => {
    throw new InvalidArgumentError(argument, got, `${expected}, for output '${name}'`)
  }
  if (sizeOf(own) === 1) refuse('a sum', 'no sum: each example has one output')
  const [terms = 0, width = 1] = shape
  if (shape.length > 2 || width !== own.length || (shape.length === 2) !== own.length > 1) {
    const form =
      own.length === 1
        ? 'a list of indices'
        : `rows of ${own.length} indices, [outputs, ${own.length}]`
    refuse(`shape [${shape.join(', ')}]`, form)
  }
  const offsets = Array.from({ length: terms }, (_, s) =>
    own.reduce((offset, length, axis) => {
      const index = data[s * width + axis]!
      const isIndex = Number.isInteger(index) && index >= 0 && index < length
      return (
        offset * length + (isIndex ? index : refuse(`${index}`, `integers from 0 to ${length - 1}`))
      )
    }, 0),
  )
  if (new Set(offsets).size < terms) refuse(`[${data.join(', ')}]`, 'each output once')
  const indices = new Int32Array(exampleCount * terms)
  for (let i = 0; i < exampleCount; i++) indices.set(offsets, i * terms)
  return { indices, terms, signs: new Int8Array(exampleCount).fill(1) }
}

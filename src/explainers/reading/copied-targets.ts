import { type ArrayInput, toNdArray } from '../../array-input.js'
import { InvalidArgumentError } from '../../errors.js'
import { type NdArray, sameShape } from '../../ndarray.js'
import { describe } from '../../options.js'
import type { EachTarget, SumOfOutputs, TargetInput } from './targets.js'

/** Targets that were copied from the caller's. */
export interface CopiedTargets {
  readonly isSeveral: boolean
  readonly entries: readonly CopiedTarget[]
}

export interface CopiedTarget {
  readonly argument: string
  readonly array: NdArray
  readonly isSum: boolean
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
    'a list of one or more outputs to add',
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

import { InvalidArgumentError } from '../../errors.js'
import { type NdArray, sizeOf } from '../../ndarray.js'
import type { ArraySpec } from '../../predictor.js'
import type { CopiedTargets } from './copied-targets.js'
import { readTarget, type Target } from './targets.js'

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

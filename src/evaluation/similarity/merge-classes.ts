import { InvalidArgumentError } from '../../errors.js'
import type { NdArray } from '../../ndarray.js'
import { describe, assertKnownKeys } from '../../options.js'
import { readSeed, seededRandom } from '../../random.js'

/**
 * Merges classes into two at random, half of them into each. Returns the merged class, 0 or 1, of
 * every class, [classCount] i32. With an odd count, class 0 gets one more. For the identical
 * subclass test, train a model on `merged.data[label]` instead of the labels.
 *
 * @param options.seed the seed of the random choice. Default 0
 * @throws InvalidArgumentError for fewer than two classes
 */
export function mergeClasses(
  classCount: number,
  options: { readonly seed?: number | undefined } = {},
): NdArray {
  assertKnownKeys('options', options, ['seed'])
  if (!Number.isInteger(classCount) || classCount < 2) {
    throw new InvalidArgumentError('classCount', describe(classCount), 'an integer of 2 or more')
  }
  const random = seededRandom(readSeed('seed', options.seed ?? 0))
  const merged = Int32Array.from({ length: classCount }, (_, k) => k % 2)
  for (let last = classCount - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    const value = merged[last]!
    merged[last] = merged[other]!
    merged[other] = value
  }
  return { data: merged, shape: [classCount] }
}

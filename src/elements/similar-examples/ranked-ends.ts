import type { NdArray } from '../../ndarray.js'
import { arrayOf, isNdArray, rowOf, type GivenExplanation } from '../base/explanation-source.js'

/** A training example at one end of the order. */
export interface RankedExample {
  /** Undefined where only the most similar were ranked, and this is one of the least. */
  readonly index: number | undefined
  readonly score: number | undefined
  /** Its place in the explanation's list of examples. */
  readonly position: number
}

/** Both ends of the order of the training examples, the extreme of each first. */
export interface RankedEnds {
  readonly most: readonly RankedExample[]
  readonly least: readonly RankedExample[]
  /** The scores and the training examples that have them, as the explanation orders them. */
  readonly scores: ArrayLike<number>
  readonly indices: ArrayLike<number>
  /** Whether all training examples are ranked, and not the most similar alone. */
  readonly isWhole: boolean
}

/** So many are shown where the explanation does not say how many. */
const usualCount = 5

/**
 * @param trainCount how many training examples there are, 0 if that is not known
 * @throws InvalidArgumentError if it is no explanation of GradientSimilarity, or has no such row
 */
export function rankedEnds(
  explanation: GivenExplanation,
  row: number,
  trainCount: number,
): RankedEnds {
  const need = 'one that GradientSimilarity made, with scores and orderedIndices'
  const scores = rowOf(arrayOf(explanation, 'scores', need), row).data
  const indices = rowOf(arrayOf(explanation, 'orderedIndices', need), row).data
  const { mostSimilar, leastSimilar } = explanation.data
  const nonFinite = nonFiniteOf(explanation, row)

  const isRanked = (rank: number): boolean =>
    Number.isFinite(scores[rank]) && !nonFinite.has(indices[rank])
  // They stand behind the others by this library, before them by alibi.
  const others = (count: number): number[] =>
    ranksWhere(scores.length, count, (rank) => !isRanked(rank))
  const example = (rank: number, position: number): RankedExample => ({
    index: indices[rank],
    score: scores[rank],
    position,
  })
  const end = (ranks: number[], count: number): RankedExample[] =>
    [...ranks, ...others(count - ranks.length)].map(example)

  const mostCount = Math.min(countOf(mostSimilar, row) ?? usualCount, scores.length)
  const most = end(ranksWhere(scores.length, mostCount, isRanked), mostCount)
  const leastCount = countOf(leastSimilar, row) ?? Math.min(usualCount, scores.length)
  // Where the most similar alone were ranked, nothing tells which ones the least similar are.
  const isWhole = trainCount <= scores.length && indices.every((index) => index < scores.length)
  const last = scores.length - 1
  const least = isWhole
    ? end(
        ranksWhere(scores.length, leastCount, (rank) => isRanked(last - rank)).map(
          (rank) => last - rank,
        ),
        leastCount,
      )
    : Array.from({ length: leastCount }, (_, position) => ({
        index: undefined,
        score: undefined,
        position,
      }))
  return { most, least, scores, indices, isWhole }
}

/** The first so many ranks of which that is true. */
function ranksWhere(length: number, count: number, isTrue: (rank: number) => boolean): number[] {
  const ranks: number[] = []
  for (let rank = 0; rank < length && ranks.length < count; rank++) {
    if (isTrue(rank)) ranks.push(rank)
  }
  return ranks
}

function nonFiniteOf({ data }: GivenExplanation, row: number): ReadonlySet<unknown> {
  const { nonFinite } = data
  const own: unknown = Array.isArray(nonFinite) ? nonFinite[row] : undefined
  return new Set(Array.isArray(own) ? own : [])
}

/** How many examples were picked for each that is explained: [nTest, k, …], as arrays or as texts. */
function countOf(picked: unknown, row: number): number | undefined {
  if (isNdArray(picked)) return picked.shape[1]
  if (!Array.isArray(picked)) return undefined
  const first: unknown = picked[0]
  if (isNdArray(first)) return first.shape[1]
  const own: unknown = picked[row]
  return Array.isArray(own) ? own.length : undefined
}

/** The picked example itself: an array of one input, or a text; undefined where the explanation has none. */
export function pickedExample(
  picked: unknown,
  row: number,
  position: number,
): NdArray | string | undefined {
  const array: unknown = isNdArray(picked) ? picked : Array.isArray(picked) ? picked[0] : undefined
  if (isNdArray(array)) {
    const [, count = 0] = array.shape
    // [nTest, k] are the ids of examples that a store did not keep.
    if (array.shape.length < 3 || position >= count) return undefined
    return rowOf(rowOf(array, row), position)
  }
  const own: unknown = Array.isArray(picked) ? picked[row] : undefined
  const item: unknown = Array.isArray(own) ? own[position] : undefined
  return typeof item === 'string' ? item : undefined
}

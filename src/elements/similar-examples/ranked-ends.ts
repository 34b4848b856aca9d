import type { NdArray } from '../../ndarray.js'
import {
  getArray,
  isNdArray,
  getExampleAt,
  type GivenExplanation,
} from '../base/explanation-source.js'

/** A training example at one end of the order. */
export interface RankedExample {
  /** Undefined for the least similar examples if only the most similar were ranked. */
  readonly index: number | undefined
  readonly score: number | undefined
  /** Its position in the explanation's list of examples. */
  readonly position: number
}

/** Both ends of the order of the training examples, the extreme of each first. */
export interface RankedEnds {
  readonly most: readonly RankedExample[]
  readonly least: readonly RankedExample[]
  /** The scores and their training examples, in the order of the explanation. */
  readonly scores: ArrayLike<number>
  readonly indices: ArrayLike<number>
  /** Whether all training examples are ranked, not only the most similar. */
  readonly isWhole: boolean
}

/** How many examples are shown if the explanation does not contain a number. */
const usualCount = 5

/** What is read of a ranking. */
export interface RankedEndsOptions {
  /** The index of the explained example. */
  readonly row: number
  /** The number of training examples, or 0 if it is unknown. */
  readonly trainCount: number
  /** How many examples of each end. Null: as many as the explanation picked, or five. */
  readonly count: number | null
  /** The training example that is explained, which is not listed; null: none of them. */
  readonly explainedIndex: number | null
  /** Whether examples are known that the explanation does not contain. */
  readonly hasOwnExamples: boolean
}

/**
 * Reads both ends of a ranking for an explained example, or of one of the training examples alone.
 *
 * @throws InvalidArgumentError if the explanation has no ranking, or the row is out of range
 */
export function readRankedEnds(
  explanation: GivenExplanation,
  { row, trainCount, count, explainedIndex, hasOwnExamples }: RankedEndsOptions,
): RankedEnds {
  const { scores, indices } = readRanking(explanation, row)
  const { mostSimilar, leastSimilar } = explanation.data
  const nonFinite = listNonFinite(explanation, row)

  const isRanked = (rank: number): boolean =>
    Number.isFinite(scores[rank]) && !nonFinite.has(indices[rank])
  // Scores that are not finite are last in this library and first in alibi.
  const others = (count: number): number[] =>
    findRanks(scores.length, count, (rank) => !isRanked(rank))
  const example = (rank: number, position: number): RankedExample => ({
    index: indices[rank],
    score: scores[rank],
    position,
  })
  const isListed = ({ index }: RankedExample): boolean =>
    explainedIndex === null || index !== explainedIndex
  /** One more rank makes up for the explained example, if that rank can be shown. */
  const end = (findRanksOf: (size: number) => number[], wanted: number): RankedExample[] => {
    const list = (size: number): RankedExample[] => {
      const ranks = findRanksOf(size)
      return [...ranks, ...others(size - ranks.length)].map(example).filter(isListed)
    }
    const listed = list(wanted)
    return listed.length < wanted && hasOwnExamples ? list(wanted + 1) : listed
  }

  const mostCount = Math.min(count ?? countPicked(mostSimilar, row) ?? usualCount, scores.length)
  const most = end((size) => findRanks(scores.length, size, isRanked), mostCount)
  const leastCount =
    count === null
      ? (countPicked(leastSimilar, row) ?? Math.min(usualCount, scores.length))
      : Math.min(count, scores.length)
  // If only the most similar were ranked, the least similar are unknown.
  const isWhole =
    trainCount <= scores.length &&
    Array.prototype.every.call(indices, (index: number) => index < scores.length)
  const last = scores.length - 1
  const least = isWhole
    ? end(
        (size) =>
          findRanks(scores.length, size, (rank) => isRanked(last - rank)).map(
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

/** The scores in descending order, with their training examples. */
function readRanking(
  explanation: GivenExplanation,
  row: number,
): { readonly scores: ArrayLike<number>; readonly indices: ArrayLike<number> } {
  const need = 'a ranking of training examples, with scores and orderedIndices'
  const scores = getArray(explanation, 'scores', need)
  const indices = getArray(explanation, 'orderedIndices', need)
  if (indices.shape.length > 1) {
    return { scores: getExampleAt(scores, row).data, indices: getExampleAt(indices, row).data }
  }
  // A ranking of the training examples alone has its scores in their order.
  return {
    scores: Float64Array.from(indices.data, (index) => scores.data[index] ?? NaN),
    indices: indices.data,
  }
}

/** The first `count` ranks that satisfy the condition. */
function findRanks(length: number, count: number, matches: (rank: number) => boolean): number[] {
  const ranks: number[] = []
  for (let rank = 0; rank < length && ranks.length < count; rank++) {
    if (matches(rank)) ranks.push(rank)
  }
  return ranks
}

function listNonFinite({ data }: GivenExplanation, row: number): ReadonlySet<unknown> {
  const { nonFinite } = data
  if (!Array.isArray(nonFinite)) return new Set()
  const own: unknown = nonFinite[row]
  return new Set(Array.isArray(own) ? own : nonFinite)
}

/**
 * How many examples were picked for each explained example: k of [nTest, k, …], as arrays or texts.
 */
function countPicked(picked: unknown, row: number): number | undefined {
  if (isNdArray(picked)) return picked.shape[1]
  if (!Array.isArray(picked)) return undefined
  const first: unknown = picked[0]
  if (isNdArray(first)) return first.shape[1]
  const own: unknown = picked[row]
  return Array.isArray(own) ? own.length : undefined
}

/**
 * The picked example: an array of one input, a text or a row of a table; undefined if the
 * explanation does not contain it.
 */
export function getPickedExample(
  picked: unknown,
  row: number,
  position: number,
): NdArray | string | readonly (number | string)[] | undefined {
  const array: unknown = isNdArray(picked) ? picked : Array.isArray(picked) ? picked[0] : undefined
  if (isNdArray(array)) {
    const [, count = 0] = array.shape
    // An array [nTest, k] holds the ids of examples that the store did not keep.
    if (array.shape.length < 3 || position >= count) return undefined
    return getExampleAt(getExampleAt(array, row), position)
  }
  const own: unknown = Array.isArray(picked) ? picked[row] : undefined
  const item: unknown = Array.isArray(own) ? own[position] : undefined
  return typeof item === 'string' || isRow(item) ? item : undefined
}

const isRow = (item: unknown): item is readonly (number | string)[] =>
  Array.isArray(item) && item.every((cell) => typeof cell === 'string' || typeof cell === 'number')

import {
  type Ranking,
  RankingBuilder,
  type RankingOptions,
  type ScoredExamples,
} from '../../ranking.js'
import type { PartialRanking, ScoredIndices } from './partial-ranking.js'

/** Merges the rankings of several instances, each of which has seen other training examples. */
export function mergeRankings(options: RankingOptions, parts: readonly PartialRanking[]): Ranking {
  const isFull = options.most >= options.trainCount
  const readMost = splitByTest(parts.map(({ most }) => most))
  const readLeast = splitByTest(parts.map(({ least }) => least))
  const readNonFinite = splitByTest(parts.map(({ nonFinite }) => nonFinite))
  const builder = new RankingBuilder(options)
  for (let test = 0; test < options.testCount; test++) {
    const nonFinite = mergeLists(readNonFinite(test), isIndexLower)
    const finite = mergeLists(readMost(test), isMoreSimilar)
    const least = isFull ? undefined : mergeLists(readLeast(test), isLessSimilar).indices
    builder.add(test, finite, nonFinite, least)
  }
  return builder.build()
}

/** Returns whether entry k of list a comes before entry m of list b. */
type Precedes = (a: ScoredExamples, k: number, b: ScoredExamples, m: number) => boolean

const isIndexLower: Precedes = (a, k, b, m) => a.indices[k]! < b.indices[m]!

const isMoreSimilar: Precedes = (a, k, b, m) =>
  a.scores[k]! > b.scores[m]! || (a.scores[k] === b.scores[m] && isIndexLower(a, k, b, m))

const isLessSimilar: Precedes = (a, k, b, m) => isMoreSimilar(b, m, a, k)

/** Returns a function that reads the lists of one test example, one per part. */
function splitByTest(parts: readonly ScoredIndices[]): (test: number) => ScoredExamples[] {
  const ends = parts.map(({ counts }) => {
    let end = 0
    return counts.map((count) => (end += count))
  })
  return (test) =>
    parts.map(({ scores, indices }, k) => {
      const [start, end] = [test === 0 ? 0 : ends[k]![test - 1]!, ends[k]![test]!]
      return { scores: scores.subarray(start, end), indices: indices.subarray(start, end) }
    })
}

const nothing: ScoredExamples = { scores: new Float32Array(), indices: new Int32Array() }

/** Merges sorted lists pair by pair, so that an entry is compared once per halving of their number. */
function mergeLists(lists: readonly ScoredExamples[], precedes: Precedes): ScoredExamples {
  if (lists.length <= 1) return lists[0] ?? nothing
  const middle = lists.length >> 1
  return mergePair(
    mergeLists(lists.slice(0, middle), precedes),
    mergeLists(lists.slice(middle), precedes),
    precedes,
  )
}

function mergePair(a: ScoredExamples, b: ScoredExamples, precedes: Precedes): ScoredExamples {
  const count = a.indices.length + b.indices.length
  const list = { scores: new Float32Array(count), indices: new Int32Array(count) }
  let [k, m] = [0, 0]
  for (let at = 0; at < count; at++) {
    const isFirst = m === b.indices.length || (k < a.indices.length && precedes(a, k, b, m))
    const [from, next] = isFirst ? [a, k++] : [b, m++]
    list.scores[at] = from.scores[next]!
    list.indices[at] = from.indices[next]!
  }
  return list
}

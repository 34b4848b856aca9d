import type { Ranking, RankingOptions } from '../../ranking.js'
import type { PartialRanking, ScoredIndices } from './partial-ranking.js'

/** One ranking of what several instances have seen, each another part of the training examples. */
export function mergeRankings(
  { testCount, trainCount, most, least }: RankingOptions,
  parts: readonly PartialRanking[],
): Ranking {
  const scores = new Float32Array(testCount * most)
  const indices = new Int32Array(testCount * most)
  const leastIndices = new Int32Array(testCount * least)
  const nonFinite: number[][] = []
  const mostOf = listsOf(parts.map((part) => part.most))
  const leastOf = listsOf(parts.map((part) => part.least))
  const nonFiniteOf = listsOf(parts.map((part) => part.nonFinite))
  for (let test = 0; test < testCount; test++) {
    const missing = merged(nonFiniteOf(test), byIndex)
    const similar = merged(mostOf(test), descending)
    const toMost = (list: List, from: number): void => {
      const count = Math.min(list.indices.length, most - from)
      scores.set(list.scores.subarray(0, count), test * most + from)
      indices.set(list.indices.subarray(0, count), test * most + from)
    }
    toMost(similar, 0)
    if (similar.indices.length < most) toMost(missing, similar.indices.length)
    // Of the full order the least similar are the end, backwards.
    const dissimilar =
      most >= trainCount
        ? similar.indices.slice(Math.max(0, similar.indices.length - least)).reverse()
        : merged(leastOf(test), ascending).indices.subarray(0, least)
    leastIndices.set(dissimilar, test * least)
    const open = least - dissimilar.length
    leastIndices.set(missing.indices.subarray(0, open), test * least + dissimilar.length)
    nonFinite.push([...missing.indices])
  }
  return { scores, indices, leastIndices, nonFinite }
}

type List = Omit<ScoredIndices, 'counts'>

/** Whether entry k of list a comes before entry m of list b. */
type Precedes = (a: List, k: number, b: List, m: number) => boolean

const byIndex: Precedes = (a, k, b, m) => a.indices[k]! < b.indices[m]!

const descending: Precedes = (a, k, b, m) =>
  a.scores[k]! > b.scores[m]! || (a.scores[k] === b.scores[m] && byIndex(a, k, b, m))

const ascending: Precedes = (a, k, b, m) => descending(b, m, a, k)

/** The lists of one test example after the other, a part each. */
function listsOf(parts: readonly ScoredIndices[]): (test: number) => List[] {
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

const nothing: List = { scores: new Float32Array(), indices: new Int32Array() }

/** Sorted lists as one, pair by pair, so that each entry is compared once per halving of their number. */
function merged(lists: readonly List[], precedes: Precedes): List {
  if (lists.length <= 1) return lists[0] ?? nothing
  const middle = lists.length >> 1
  return mergedPair(
    merged(lists.slice(0, middle), precedes),
    merged(lists.slice(middle), precedes),
    precedes,
  )
}

function mergedPair(a: List, b: List, precedes: Precedes): List {
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

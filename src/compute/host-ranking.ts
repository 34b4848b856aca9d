import {
  type Ranking,
  RankingBuilder,
  type RankingOptions,
  type ScoredExamples,
} from './ranking.js'

interface Scored {
  readonly score: number
  readonly index: number
}

/** The reference ranking: lists of candidates per test example, from which those that cannot be returned are dropped. */
export class HostRanking {
  readonly #options: RankingOptions
  readonly #finite: Scored[][]
  readonly #nonFinite: Scored[][]

  constructor(options: RankingOptions) {
    this.#options = options
    this.#finite = Array.from({ length: options.testCount }, () => [])
    this.#nonFinite = Array.from({ length: options.testCount }, () => [])
  }

  /** Adds the scores of a test example with the training examples from `trainStart` on. */
  add(test: number, trainStart: number, scores: Float32Array): void {
    const finite = this.#finite[test]!
    for (const [k, score] of scores.entries()) {
      const scored = { score, index: trainStart + k }
      if (Number.isFinite(score)) finite.push(scored)
      else this.#nonFinite[test]!.push(scored)
    }
    const { most, least, trainCount } = this.#options
    if (most >= trainCount || finite.length <= candidatesPerPlace * (most + least)) return
    finite.sort(compareDescending)
    if (finite.length > most + least) finite.splice(most, finite.length - most - least)
  }

  finish(): Ranking {
    const builder = new RankingBuilder(this.#options)
    for (const [test, finite] of this.#finite.entries()) {
      finite.sort(compareDescending)
      const nonFinite = this.#nonFinite[test]!.sort((a, b) => a.index - b.index)
      builder.add(test, toArrays(finite), toArrays(nonFinite))
    }
    return builder.build()
  }
}

/** Candidates are sorted once this many per place have gathered: seldom, and without storing many. */
const candidatesPerPlace = 8

const compareDescending = (a: Scored, b: Scored): number => b.score - a.score || a.index - b.index

const toArrays = (scored: readonly Scored[]): ScoredExamples => ({
  scores: Float32Array.from(scored, ({ score }) => score),
  indices: Int32Array.from(scored, ({ index }) => index),
})

import type { Similarity } from './similarity.js'

export interface RankingOptions {
  readonly testCount: number
  readonly trainCount: number
  readonly similarity: Similarity
  /** How many of the most similar are returned, in order; `trainCount` gives the full order. */
  readonly most: number
  /** How many of the least similar are returned. */
  readonly least: number
}

export interface Ranking {
  /** [testCount, most]: scores, each row descending; those that are not finite last, by index. */
  readonly scores: Float32Array
  /** [testCount, most]: the training examples in that order; ties keep the lower index first. */
  readonly indices: Int32Array
  /**
   * [testCount, least]: the least similar, the very least first: the end of the full order, backwards. Examples whose
   * score is not finite, by index, fill the places that finite scores leave.
   */
  readonly leastIndices: Int32Array
  /** Per test example, the training examples whose score is NaN or infinite, ascending. */
  readonly nonFinite: readonly (readonly number[])[]
}

/** Training examples with their scores. */
export interface ScoredExamples {
  readonly scores: Float32Array
  readonly indices: Int32Array
}

/** Builds a ranking, one test example at a time. */
export class RankingBuilder {
  readonly #options: RankingOptions
  readonly #scores: Float32Array
  readonly #indices: Int32Array
  readonly #leastIndices: Int32Array
  readonly #nonFinite: (readonly number[])[]

  constructor(options: RankingOptions) {
    const { testCount, most, least } = options
    this.#options = options
    this.#scores = new Float32Array(testCount * most)
    this.#indices = new Int32Array(testCount * most)
    this.#leastIndices = new Int32Array(testCount * least)
    this.#nonFinite = Array.from({ length: testCount }, () => [])
  }

  /**
   * Adds the examples of one test example.
   *
   * @param finite those with a finite score, descending: the first `most` or more
   * @param leastIndices the least similar of them, the very least first; by default the end of `finite`, backwards
   * @param nonFinite those without, by index; only the scores that have a place among the first `most` are needed
   */
  add(
    test: number,
    finite: ScoredExamples,
    nonFinite: ScoredExamples,
    leastIndices: Int32Array = finite.indices.slice(-this.#options.least).reverse(),
  ): void {
    const { most, least } = this.#options
    const finiteCount = Math.min(most, finite.indices.length)
    this.#writeMost(test, 0, finite, finiteCount)
    this.#writeMost(test, finiteCount, nonFinite, most - finiteCount)
    const leastCount = Math.min(least, leastIndices.length)
    const start = test * least
    this.#leastIndices.set(leastIndices.subarray(0, leastCount), start)
    this.#leastIndices.set(nonFinite.indices.subarray(0, least - leastCount), start + leastCount)
    this.#nonFinite[test] = [...nonFinite.indices]
  }

  build(): Ranking {
    return {
      scores: this.#scores,
      indices: this.#indices,
      leastIndices: this.#leastIndices,
      nonFinite: this.#nonFinite,
    }
  }

  #writeMost(test: number, place: number, examples: ScoredExamples, count: number): void {
    const start = test * this.#options.most + place
    this.#scores.set(examples.scores.subarray(0, count), start)
    this.#indices.set(examples.indices.subarray(0, count), start)
  }
}

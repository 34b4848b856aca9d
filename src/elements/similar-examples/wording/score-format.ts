import { createRankingFormat, type NumberFormat } from '../../text/format.js'
import type { ShownExample } from '../shown-example.js'
import type { SimilarityView } from '../similarity-view.js'

/** The format of all scores that are shown together, with enough digits to tell them apart. */
export function createScoreFormat({ most, least }: SimilarityView): NumberFormat {
  return createRankingFormat([listScores(most), listScores(least)])
}

/** The known scores, in their order. */
export function listScores(examples: readonly ShownExample[]): number[] {
  return examples.map(({ score }) => score).filter((score) => score !== undefined)
}

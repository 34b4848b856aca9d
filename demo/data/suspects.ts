import { fetchJson } from './fetch.js'

/** The training examples whose labels are the most suspect: the first of `rankSuspectLabels`, precomputed. */
export interface Suspects {
  /** The number of training examples that were ranked. */
  readonly exampleCount: number
  /** The most suspect first. */
  readonly orderedIndices: readonly number[]
  /** Their scores, 0 to 1. */
  readonly scores: readonly number[]
}

/** The part of the training examples that is marked. */
const markedShare = 0.02

export const loadSuspects = (folder: string, signal: AbortSignal): Promise<Suspects> =>
  fetchJson<Suspects>(new URL('suspects.json', folder), signal)

/** The training examples that are marked: the first 2 % of the ranking. */
export const listMarked = ({ exampleCount, orderedIndices }: Suspects): readonly number[] =>
  orderedIndices.slice(0, Math.round(markedShare * exampleCount))

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

/** How many of the most suspect labels are listed. */
export const listedCount = 10

/** How many of the most suspect labels are marked wherever their examples are shown: 2 % of all. */
export const countMarked = (exampleCount: number): number => Math.ceil(0.02 * exampleCount)

export const loadSuspects = (folder: string, signal: AbortSignal): Promise<Suspects> =>
  fetchJson<Suspects>(new URL('suspects.json', folder), signal)

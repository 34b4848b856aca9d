import type { AttributionLike, ExplainCall, SimilarityLike } from 'gradlens/elements'
import { attributionJson } from './element-fixtures.js'
import { exampleScores, rankingJson } from '../gradients/ranking-fixtures.js'

/** One call, which the test answers. */
export interface PendingCall<Result = unknown> {
  readonly x: unknown
  readonly options: ExplainCall & Readonly<Record<string, unknown>>
  resolve(result: Result): void
  reject(error: unknown): void
}

/** Explainers whose calls wait for the test. */
export function fakeExplainers(): {
  similarity: Required<Pick<SimilarityLike, 'fit' | 'explain'>> & SimilarityLike
  attribution: AttributionLike
  fits: PendingCall[]
  rankings: PendingCall[]
  attributions: PendingCall[]
} {
  const [fits, rankings, attributions]: PendingCall[][] = [[], [], []]
  const begin = (calls: PendingCall[], x: unknown, options: ExplainCall): Promise<unknown> =>
    new Promise((resolve, reject) => {
      calls.push({ x, options: { ...options }, resolve, reject })
    })
  return {
    fits: fits!,
    rankings: rankings!,
    attributions: attributions!,
    similarity: {
      device: 'wasm',
      fallbackReason: 'webgpu: no adapter.',
      gradientBytes: 12_300,
      fit: (xTrain, _, call) => begin(fits!, xTrain, call),
      explain: (x, _, call) => begin(rankings!, x, call),
    },
    attribution: {
      device: 'wasm',
      fallbackReason: 'webgpu: no adapter.',
      explain: (x, call) => begin(attributions!, x, call),
    },
  }
}

export const ranking = rankingJson()
export const otherRanking = rankingJson([...exampleScores].reverse())

/** A map of 2 × 2 pixels for the last of three classes. */
export const map = attributionJson({
  x: [
    [
      [0, 1],
      [0.5, 0],
    ],
  ],
  attributions: [
    [
      [
        [0, 0.5],
        [-0.2, 0],
      ],
    ],
  ],
  predictions: [[0.1, 0.3, 0.6]],
  target: [2],
})

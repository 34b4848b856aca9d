import { classCount, type Digits } from './data/mnist.js'
import type { Fit, Similarity } from './workers/protocol.js'

/** So many digits are shown of the most similar, and of the least. */
export const neighbourCount = 5

/** A training digit beside the digit that is asked about. */
export interface Neighbour {
  readonly index: number
  readonly score: number
  readonly trueLabel: number
  readonly predictedLabel: number
}

/** The most similar training digits, most similar first, and the least, least similar first. */
export function neighboursOf(
  { order, scores }: Similarity,
  { predictedLabels }: Fit,
  { labels }: Digits,
): { nearest: Neighbour[]; farthest: Neighbour[] } {
  const neighbour = (index: number): Neighbour => ({
    index,
    score: scores[index]!,
    trueLabel: labels[index]!,
    predictedLabel: predictedLabels[index]!,
  })
  return {
    nearest: Array.from(order.subarray(0, neighbourCount), neighbour),
    farthest: Array.from(order.subarray(-neighbourCount), neighbour).reverse(),
  }
}

export interface ClassMean {
  readonly label: number
  /** Of how many training digits of that class; the mean of none is 0. */
  readonly count: number
  readonly mean: number
}

/** The mean score of the training digits of each true label. */
export function classMeans(scores: Float32Array, labels: Uint8Array): ClassMean[] {
  return Array.from({ length: classCount }, (_, label) => {
    const own = Array.from(scores).filter((_score, index) => labels[index] === label)
    const sum = own.reduce((total, score) => total + score, 0)
    return { label, count: own.length, mean: own.length > 0 ? sum / own.length : 0 }
  })
}

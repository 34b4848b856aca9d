import type { NdArray } from 'gradlens'
import type { Similarity } from './workers/protocol.js'

const classCount = 10

/** So many digits are shown of the most similar, and of the least. */
export const neighbourCount = 5

/** A training digit beside the digit that is asked about. */
export interface Neighbour {
  readonly index: number
  readonly score: number
  readonly trueLabel: number
  readonly predictedLabel: number
}

/** The score of each training digit by its index, and the indices, most similar first. */
export interface Scores {
  readonly scores: Float32Array
  readonly order: Int32Array
}

export function scoresOf({ explanation }: Similarity): Scores {
  const data = explanation.data as { readonly scores: NdArray; readonly orderedIndices: NdArray }
  const order = Int32Array.from(data.orderedIndices.data)
  const scores = new Float32Array(order.length)
  order.forEach((index, rank) => {
    scores[index] = data.scores.data[rank]!
  })
  return { scores, order }
}

/** The most similar training digits, most similar first, and the least, least similar first. */
export function neighboursOf(
  { order, scores }: Scores,
  predictedLabels: ArrayLike<number>,
  labels: ArrayLike<number>,
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

import type { RankingOptions } from '../../ranking.js'

/** A score's bits and 1 + its training example's index. */
export const bytesPerPair = 8

/** Sorted pairs as they come from the GPU, of some test examples. */
export interface GroupRows {
  readonly count: number
  readonly columns: number
  /** [count, columns] of the full order; with a mask [2, count, columns], the most and below them the least similar. */
  readonly pairs: Uint32Array
  /** Per test example the training examples whose score is not finite, where the pairs are not the full order. */
  readonly nonFinite: readonly (readonly number[])[] | undefined
}

interface RankingInTheMaking {
  readonly scores: Float32Array
  readonly indices: Int32Array
  readonly leastIndices: Int32Array
  readonly nonFinite: (readonly number[])[]
}

/** Writes the rows of the test examples from `start` on into a ranking. */
export function writeRows(
  ranking: RankingInTheMaking,
  { most, least }: RankingOptions,
  start: number,
  { count, columns, pairs, nonFinite }: GroupRows,
): void {
  const bits = new Float32Array(pairs.buffer)
  for (let row = 0; row < count; row++) {
    const test = start + row
    for (let k = 0; k < most; k++) {
      const at = 2 * (row * columns + k)
      ranking.scores[test * most + k] = bits[at]!
      ranking.indices[test * most + k] = pairs[at + 1]! - 1
    }
    if (nonFinite !== undefined) {
      for (let k = 0; k < least; k++) {
        const at = 2 * ((count + row) * columns + k)
        ranking.leastIndices[test * least + k] = pairs[at + 1]! - 1
      }
      ranking.nonFinite[test] = nonFinite[row] ?? []
      continue
    }
    let finiteCount = columns
    while (finiteCount > 0 && !Number.isFinite(bits[2 * (row * columns + finiteCount - 1)])) {
      finiteCount--
    }
    const indexAt = (k: number): number => pairs[2 * (row * columns + k) + 1]! - 1
    for (let k = 0; k < least; k++) {
      ranking.leastIndices[test * least + k] = indexAt(k < finiteCount ? finiteCount - 1 - k : k)
    }
    ranking.nonFinite[test] = Array.from({ length: columns - finiteCount }, (_, k) =>
      indexAt(finiteCount + k),
    )
  }
}

/** The indices of the set bits in each row of a mask, whose first word is their number. */
export function maskedIndices(words: Uint32Array, exampleCount: number): number[][] {
  const rowWords = (words.length - 1) / exampleCount
  return Array.from({ length: exampleCount }, (_, row) => {
    const indices: number[] = []
    for (let k = 0; k < rowWords; k++) {
      const word = words[1 + row * rowWords + k]!
      for (let bit = 0; word >>> bit > 0 && bit < 32; bit++) {
        if (((word >>> bit) & 1) === 1) indices.push(32 * k + bit)
      }
    }
    return indices
  })
}

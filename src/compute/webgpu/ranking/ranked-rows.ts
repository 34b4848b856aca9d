import type { RankingBuilder, ScoredExamples } from '../../ranking.js'

/** A pair is the bits of a score, and 1 + the index of its training example. */
export const bytesPerPair = 8

/** Sorted pairs of some test examples, read from the GPU. */
export interface GroupRows {
  readonly count: number
  readonly columns: number
  /** [count, columns] of the full order; with a mask [2, count, columns], the most similar, then the least similar. */
  readonly pairs: Uint32Array
  /** Per test example, the training examples whose score is not finite; undefined for a full order. */
  readonly nonFinite: readonly (readonly number[])[] | undefined
}

/** Adds the rows of the test examples from `start` on to a ranking. */
export function addRows(
  builder: RankingBuilder,
  start: number,
  { count, columns, pairs, nonFinite }: GroupRows,
): void {
  for (let row = 0; row < count; row++) {
    const { finite, rest } = readRow(pairs, row, columns)
    if (nonFinite === undefined) {
      builder.add(start + row, finite, rest)
      continue
    }
    const indices = Int32Array.from(nonFinite[row] ?? [])
    const least = readRow(pairs, count + row, columns).finite.indices
    builder.add(start + row, finite, { scores: rest.scores, indices }, least)
  }
}

/** Reads a row of sorted pairs: those with a finite score, and the others after them. */
function readRow(
  pairs: Uint32Array,
  row: number,
  columns: number,
): { readonly finite: ScoredExamples; readonly rest: ScoredExamples } {
  const bits = new Float32Array(pairs.buffer, pairs.byteOffset, pairs.length)
  const scores = new Float32Array(columns)
  const indices = new Int32Array(columns)
  for (let k = 0, at = 2 * row * columns; k < columns; k++, at += 2) {
    scores[k] = bits[at]!
    indices[k] = pairs[at + 1]! - 1
  }
  let finiteCount = columns
  while (finiteCount > 0 && !Number.isFinite(scores[finiteCount - 1])) finiteCount--
  return {
    finite: { scores: scores.subarray(0, finiteCount), indices: indices.subarray(0, finiteCount) },
    rest: { scores: scores.subarray(finiteCount), indices: indices.subarray(finiteCount) },
  }
}

/** Reads the indices of the set bits in each row of a mask, whose first word is their count. */
export function readMask(words: Uint32Array, exampleCount: number): number[][] {
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

import { type NdArray, sizeOf } from '../../ndarray.js'
import type { Target } from '../reading/targets.js'

/** The output indices of some examples, which have equally many each, as one list. */
export function takeIndices(
  indices: Int32Array,
  terms: number,
  examples: ArrayLike<number>,
): Int32Array {
  const taken = new Int32Array(examples.length * terms)
  for (let q = 0; q < examples.length; q++) {
    const start = examples[q]! * terms
    taken.set(indices.subarray(start, start + terms), q * terms)
  }
  return taken
}

/** The explained output F of an example, from the outputs in row `row`: one element, or the sum of some. */
export function explainedScore(
  outputs: NdArray,
  { indices, terms }: Target,
  example: number,
  row: number = example,
): number {
  const size = sizeOf(outputs.shape.slice(1))
  let score = 0
  for (let s = 0; s < terms; s++) score += outputs.data[row * size + indices[example * terms + s]!]!
  return score
}

import type { GradientBlock, GradientSegment } from 'gradlens'
import { computeSimilarity, type Similarity } from '../../../src/compute/similarity.js'
import { materializedGradients } from './materialized-gradients.js'

type Materialized = Map<string, Float64Array>

function product(a: Materialized, b: Materialized): number {
  let sum = 0
  for (const [parameter, values] of a) {
    const other = b.get(parameter)
    if (other === undefined) continue
    for (const [k, value] of values.entries()) sum += value * other[k]!
  }
  return sum
}

/** Scores of pairs from dense gradients in float64, with the scale of each one's rounding error. */
export class ExpectedScores {
  readonly squaredNorms: Float64Array
  /** ‖|g|‖² with the absolute terms of each sum: the scale of rounding errors if terms cancel. */
  readonly #magnitudes: Float64Array
  readonly #materialized: readonly Materialized[]

  constructor(block: GradientBlock) {
    const rows = Array.from({ length: block.exampleCount }, (_, row) => row)
    this.#materialized = rows.map((row) => materializedGradients(block, row))
    this.squaredNorms = Float64Array.from(this.#materialized, (gradient) =>
      product(gradient, gradient),
    )
    const absolute = { ...block, segments: block.segments.map(absoluteSegment) }
    this.#magnitudes = Float64Array.from(rows, (row) => {
      const gradient = materializedGradients(absolute, row)
      return product(gradient, gradient)
    })
  }

  normScale(row: number): number {
    return this.#magnitudes[row]!
  }

  /** The score of row i with row j of the training examples. `scale` is the size of the pair's terms. */
  pair(
    i: number,
    train: ExpectedScores,
    j: number,
    by: Similarity,
  ): { readonly score: number; readonly scale: number } {
    const dot = product(this.#materialized[i]!, train.#materialized[j]!)
    const [testNorm, trainNorm] = [this.squaredNorms[i]!, train.squaredNorms[j]!]
    const [testScale, trainScale] = [this.#magnitudes[i]!, train.#magnitudes[j]!]
    // The error of a norm changes the score by the same relative amount.
    const dotScale = Math.sqrt(testScale) * Math.sqrt(trainScale)
    const normError = testScale / testNorm + trainScale / trainNorm
    const scale = by.name === 'grad_dot' ? dotScale : dotScale * normError
    return {
      score: computeSimilarity(by, dot, testNorm, trainNorm),
      scale: Math.abs(computeSimilarity(by, scale, testNorm, trainNorm)),
    }
  }
}

function absoluteSegment(segment: GradientSegment): GradientSegment {
  const absolute = (numbers: Float32Array): Float32Array => numbers.map(Math.abs)
  switch (segment.kind) {
    case 'dense':
      return { ...segment, values: absolute(segment.values) }
    case 'lookup':
      return { ...segment, delta: absolute(segment.delta) }
    default:
      return { ...segment, a: absolute(segment.a), delta: absolute(segment.delta) }
  }
}

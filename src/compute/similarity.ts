export const similarityNames = ['grad_dot', 'grad_cos', 'grad_asym_dot'] as const

/**
 * How two gradients are compared: their inner product, their cosine, or their inner product divided by
 * the squared norm of the training example's gradient.
 */
export type SimilarityName = (typeof similarityNames)[number]

export interface Similarity {
  readonly name: SimilarityName
  /** Added to the denominator. */
  readonly eps: number
}

/**
 * Computes the score of a pair of gradients from their inner product and squared norms. It is 0 if a gradient is zero,
 * and NaN if the training example's is not finite.
 *
 * - `grad_dot`: g·g'
 * - `grad_cos`: g·g' / (‖g‖ ‖g'‖ + eps)
 * - `grad_asym_dot`: g·g' / (‖g'‖² + eps), g' the training example's (Charpiat et al., 2019)
 */
export function computeSimilarity(
  { name, eps }: Similarity,
  dot: number,
  testSquaredNorm: number,
  trainSquaredNorm: number,
): number {
  if (!Number.isFinite(trainSquaredNorm)) return NaN
  if (name === 'grad_dot') return dot
  const denominator =
    name === 'grad_cos'
      ? Math.sqrt(testSquaredNorm) * Math.sqrt(trainSquaredNorm) + eps
      : trainSquaredNorm + eps
  return denominator === 0 ? 0 : dot / denominator
}

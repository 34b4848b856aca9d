/**
 * How the curvature of the training loss is approximated: by Kronecker factors with corrected eigenvalues, by Kronecker
 * factors, by its diagonal, or not at all.
 */
export const curvatureNames = ['ekfac', 'kfac', 'diagonal', 'identity'] as const

/** The approximation of the curvature of the training loss. */
export type CurvatureName = (typeof curvatureNames)[number]

/** What happens to parameters whose gradients have no factors, and too many numbers for a matrix of their own. */
export const uncoveredChoices = ['refuse', 'diagonal', 'identity'] as const

/** What happens to parameters without a block of the curvature. */
export type UncoveredChoice = (typeof uncoveredChoices)[number]

export interface BlockOptions {
  readonly curvature: CurvatureName
  readonly uncovered: UncoveredChoice
  /** The most eigenvectors of a layer's inputs; Infinity for all. */
  readonly inputRank: number
  /** The most bytes of all factors. */
  readonly maxBytes: number
}

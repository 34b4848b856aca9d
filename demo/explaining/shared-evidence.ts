/** What two examples have in common of what counts for a class. */
export interface SharedEvidence {
  /** At each position min(max(aᵢ, 0), max(bᵢ, 0)): as much as counts for the class in both examples. */
  readonly shared: Float32Array
  /** Σ shared / Σ max(aᵢ, 0): its share of what counts for the class in the first example; 0 if nothing does. */
  readonly share: number
}

/**
 * Compares the attributions of two examples to the same class, position by position.
 *
 * @param ofQuestion the attributions a
 * @param ofExample the attributions b, as many
 */
export function findSharedEvidence(
  ofQuestion: ArrayLike<number>,
  ofExample: ArrayLike<number>,
): SharedEvidence {
  const shared = new Float32Array(ofQuestion.length)
  let whole = 0
  let common = 0
  for (let i = 0; i < shared.length; i++) {
    const forIt = Math.max(0, ofQuestion[i]!)
    const both = Math.min(forIt, Math.max(0, ofExample[i]!))
    shared[i] = both
    whole += forIt
    common += both
  }
  return { shared, share: whole === 0 ? 0 : common / whole }
}

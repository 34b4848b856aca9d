/** Pearson's correlation. NaN if either side is constant or there are fewer than two pairs. */
export function computePearson(a: Float64Array, b: Float64Array): number {
  if (isConstant(a) || isConstant(b)) return NaN
  const meanA = computeMean(a)
  const meanB = computeMean(b)
  let covariance = 0
  let varianceA = 0
  let varianceB = 0
  for (let k = 0; k < a.length; k++) {
    const fromA = a[k]! - meanA
    const fromB = b[k]! - meanB
    covariance += fromA * fromB
    varianceA += fromA * fromA
    varianceB += fromB * fromB
  }
  // Exactly ±1 for equal and opposite values. Values in the range of float32 can't over- or
  // underflow.
  const correlation = covariance / Math.sqrt(varianceA * varianceB)
  return Math.max(-1, Math.min(1, correlation))
}

/**
 * Spearman's rank correlation: Pearson's correlation of the ranks. Tied values share their mean
 * rank.
 */
export function computeSpearman(a: Float64Array, b: Float64Array): number {
  return computePearson(rankValues(a), rankValues(b))
}

/** Spearman's rank correlation of the pairs in which both values are finite. */
export function computeFiniteSpearman(a: Float64Array, b: Float64Array): number {
  const isFinitePair = (_: number, k: number): boolean =>
    Number.isFinite(a[k]) && Number.isFinite(b[k])
  return computeSpearman(a.filter(isFinitePair), b.filter(isFinitePair))
}

function rankValues(values: Float64Array): Float64Array {
  const order = Uint32Array.from(values, (_, k) => k).sort((i, j) => values[i]! - values[j]!)
  const ranks = new Float64Array(values.length)
  for (let first = 0; first < order.length;) {
    let end = first + 1
    while (end < order.length && values[order[end]!] === values[order[first]!]) end++
    for (let k = first; k < end; k++) ranks[order[k]!] = (first + end - 1) / 2
    first = end
  }
  return ranks
}

/** Compares the values, because rounding can leave a variance above 0 even if all are equal. */
const isConstant = (values: Float64Array): boolean => values.every((value) => value === values[0])

/** The mean of the values that are not NaN. NaN if there are none. */
export function computeMean(values: Float64Array): number {
  let sum = 0
  let count = 0
  for (const value of values) {
    if (Number.isNaN(value)) continue
    sum += value
    count++
  }
  return sum / count
}

/**
 * Returns the median, the lower of the middle two for an even count, or NaN if there are no values.
 */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[(sorted.length - 1) >> 1] ?? NaN
}

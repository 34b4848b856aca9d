/** One scale for all bars that stand together; it always contains zero. */
export interface SignedScale {
  readonly min: number
  readonly max: number
}

/** The scale that contains all of the finite values. */
export function scaleOf(values: Iterable<number | undefined>): SignedScale {
  let min = 0
  let max = 0
  for (const value of values) {
    if (value === undefined || !Number.isFinite(value)) continue
    min = Math.min(min, value)
    max = Math.max(max, value)
  }
  return { min, max }
}

/** The positions of zero, and of the start and the end of the bar, in 0 … 1. */
export function placeOnScale(
  value: number,
  { min, max }: SignedScale,
): { readonly zero: number; readonly start: number; readonly end: number } {
  const extent = max - min
  const zero = extent > 0 ? -min / extent : 0
  const at = extent > 0 && Number.isFinite(value) ? (value - min) / extent : zero
  return { zero, start: Math.min(zero, at), end: Math.max(zero, at) }
}

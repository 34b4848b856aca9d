/** Multiples of it, modulo 1, are spread evenly for any count. */
const goldenRatio = (Math.sqrt(5) - 1) / 2

/**
 * Indices that are spread over a list, in ascending order. Their distances vary, so that lists with
 * a period, such as classes in turns, are sampled evenly too.
 */
export function spreadIndices(length: number, most: number): number[] {
  if (length <= most) return Array.from({ length }, (_, index) => index)
  const found = new Set<number>()
  for (let i = 1; found.size < most; i++) found.add(Math.floor(((i * goldenRatio) % 1) * length))
  return [...found].sort((a, b) => a - b)
}

export { seededRandom } from '../../src/random.js'

/** Returns `count` numbers of [low, high). */
export function uniform(
  random: () => number,
  count: number,
  [low, high]: readonly [number, number],
): Float32Array {
  return Float32Array.from({ length: count }, () => low + (high - low) * random())
}

/**
 * Returns `count` numbers of both signs in random order, `gap` apart, and at least half of it from zero. Moving one of
 * them by less than half a gap changes neither their order nor a sign.
 */
export function separated(random: () => number, count: number, gap: number): Float32Array {
  const values = Float32Array.from(
    { length: count },
    (_, index) => (index - Math.floor(count / 2) + 0.5) * gap,
  )
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    const value = values[last]!
    values[last] = values[other]!
    values[other] = value
  }
  return values
}

/** A seeded generator (mulberry32): numbers of [0, 1), the same on every machine. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** `count` numbers of [low, high). */
export function uniform(
  random: () => number,
  count: number,
  [low, high]: readonly [number, number],
): Float32Array {
  return Float32Array.from({ length: count }, () => low + (high - low) * random())
}

/**
 * `count` numbers of both signs that keep `gap` from each other and half of it from zero, in random order:
 * whatever moves one of them by less than half a gap changes neither their order nor a sign.
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

import type { Random } from '../../src/random.js'

export { type Random, toNormal } from '../../src/random.js'

/**
 * Marsaglia's xorshift generator with 32 bits of state (Journal of Statistical Software 8(14),
 * 2003). The committed data and models were drawn with it, so it stays in addition to the library's
 * own generator.
 */
export function seededRandom(seed: number): Random {
  // The state must not be zero, and consecutive seeds should start differently.
  let state = Math.imul(seed + 1, 0x9e3779b9) | 1
  const next = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
  for (let i = 0; i < 16; i++) next()
  return next
}

/** Returns 0 … count − 1 in random order. Every order is equally likely (Fisher and Yates). */
export function shuffledIndices(count: number, random: Random): Uint32Array {
  const indices = Uint32Array.from({ length: count }, (_, index) => index)
  for (let last = count - 1; last > 0; last--) {
    const chosen = Math.floor(random() * (last + 1))
    const value = indices[last] ?? 0
    indices[last] = indices[chosen] ?? 0
    indices[chosen] = value
  }
  return indices
}

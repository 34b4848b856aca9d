/**
 * Numbers that Python and TypeScript generate from a name in the same way: the rules are those of
 * tests/peers/architectures/generated.py.
 */

/** Per gradient, the number of its signed sums that are compared. */
const sumCount = 4

/** FNV-1a of a name. */
function seedOf(name: string): number {
  let seed = 0x811c9dc5
  for (const byte of new TextEncoder().encode(name)) seed = Math.imul(seed ^ byte, 0x01000193)
  return seed
}

/** MurmurHash3's finalizer, of the position and the name's seed. */
function hashAt(seed: number, at: number): number {
  let h = (Math.imul(at, 0x9e3779b9) + seed) | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** Float32 numbers in [offset − scale, offset + scale). */
export function generateFloats(name: string, count: number, scale = 1, offset = 0): Float32Array {
  const seed = seedOf(name)
  const floats = new Float32Array(count)
  for (let at = 0; at < count; at++) {
    floats[at] = offset + scale * ((hashAt(seed, at) >>> 8) * 2 ** -23 - 1)
  }
  return floats
}

/** Σ ± g over all elements of a gradient, for several choices of signs. */
export function signedSums(name: string, gradient: ArrayLike<number>): Float64Array {
  const seed = seedOf(name)
  const sums = new Float64Array(sumCount)
  for (let at = 0; at < gradient.length; at++) {
    const value = gradient[at]!
    const bits = hashAt(seed, at)
    for (let k = 0; k < sumCount; k++) sums[k]! += (bits >>> k) & 1 ? value : -value
  }
  return sums
}

import { InvalidArgumentError } from './errors.js'
import { describe } from './options.js'

/** A source of uniform numbers in [0, 1). */
export type Random = () => number

/**
 * The random numbers of a seed, the same on every machine. Further integers after the seed select one of its many
 * independent streams.
 *
 * xoshiro128** of Blackman and Vigna (2021), "Scrambled linear pseudorandom number generators".
 */
export function seededRandom(...key: readonly number[]): Random {
  const state = new Uint32Array(4)
  let mixed = 0
  for (let word = 0; word < 4; word++) {
    for (const part of [word, ...key]) mixed = mix(mixed + part)
    state[word] = mixed
  }
  // The generator never leaves the state of zeros.
  if (state.every((word) => word === 0)) state[0] = 1
  return () => {
    const [s0, s1, s2, s3] = state as unknown as readonly [number, number, number, number]
    const result = Math.imul(rotateLeft(Math.imul(s1, 5), 7), 9) >>> 0
    const t2 = s2 ^ s0
    const t3 = s3 ^ s1
    state[0] = s0 ^ t3
    state[1] = s1 ^ t2
    state[2] = t2 ^ (s1 << 9)
    state[3] = rotateLeft(t3, 11)
    return result / 2 ** 32
  }
}

/** Normal numbers of mean 0 and standard deviation 1, with streams as in `seededRandom`. */
export const seededNormal = (...key: readonly number[]): Random => toNormal(seededRandom(...key))

/** Turns uniform numbers into normal ones of mean 0 and standard deviation 1 (Box and Muller, 1958). */
export function toNormal(random: Random): Random {
  let next: number | undefined
  return () => {
    if (next !== undefined) {
      const second = next
      next = undefined
      return second
    }
    const radius = Math.sqrt(-2 * Math.log(1 - random()))
    const angle = 2 * Math.PI * random()
    next = radius * Math.sin(angle)
    return radius * Math.cos(angle)
  }
}

/** Returns the value if it is an unsigned 32-bit integer. */
export function readSeed(argument: string, value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 32) {
    return value
  }
  throw new InvalidArgumentError(argument, describe(value), `an integer from 0 to ${2 ** 32 - 1}`)
}

const rotateLeft = (word: number, by: number): number => (word << by) | (word >>> (32 - by))

/** Turns an integer into an unsigned one; neighbours become unrelated. One step of the 32-bit SplitMix. */
export function mix(value: number): number {
  let z = (value + 0x9e3779b9) | 0
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
  return (z ^ (z >>> 16)) >>> 0
}

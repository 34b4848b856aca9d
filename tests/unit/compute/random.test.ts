import { expect, it } from 'vitest'
import { seededRandom } from '../../../src/random.js'

const COUNT = 20_000
/** Six standard deviations of a mean of COUNT uniform numbers, and of their products, which vary less. */
const meanTolerance = 6 / Math.sqrt(12 * COUNT)

const draw = (count: number, ...key: readonly number[]): number[] => {
  const random = seededRandom(...key)
  return Array.from({ length: count }, random)
}
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

it('draws uniform numbers that do not depend on those before them', () => {
  const values = draw(COUNT, 0)
  expect(Math.min(...values)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...values)).toBeLessThan(1)
  expect(Math.abs(mean(values) - 0.5)).toBeLessThan(meanTolerance)
  const centred = values.map((value) => value - 0.5)
  expect(Math.abs(mean(centred.map((value) => value * value)) - 1 / 12)).toBeLessThan(meanTolerance)
  const products = centred.slice(1).map((value, k) => value * centred[k]!)
  expect(Math.abs(mean(products))).toBeLessThan(meanTolerance)
})

it('gives the same numbers for the same seed and stream, on every machine', () => {
  expect(draw(5, 3, 1)).toEqual(draw(5, 3, 1))
  const firsts = [
    draw(1, 0),
    draw(1, 1),
    draw(1, 0, 0),
    draw(1, 0, 1),
    draw(1, 1, 0),
    draw(1, 2 ** 32 - 1),
  ]
  expect(new Set(firsts.flat()).size).toBe(firsts.length)
  // From a program in Python, after the authors' own in C.
  const golden = [1193879496, 2417843616, 1742857778]
  expect(draw(3, 0).map((value) => value * 2 ** 32)).toEqual(golden)
})

it('has nothing in common between neighbouring seeds, nor between the streams of one', () => {
  const centredFirst = (key: readonly number[]): number => draw(1, ...key)[0]! - 0.5
  const keys = Array.from({ length: COUNT }, (_, k) => k)
  for (const keyOf of [(k: number): number[] => [k], (k: number): number[] => [7, k]]) {
    const firsts = keys.map((k) => centredFirst(keyOf(k)))
    expect(Math.abs(mean(firsts))).toBeLessThan(meanTolerance)
    const products = firsts.slice(1).map((value, k) => value * firsts[k]!)
    expect(Math.abs(mean(products))).toBeLessThan(meanTolerance)
  }
})

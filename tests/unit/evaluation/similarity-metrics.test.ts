import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HostRanking } from '../../../src/compute/host-ranking.js'
import type { Ranking } from '../../../src/compute/ranking.js'
import { computeSimilarity, similarityNames } from '../../../src/compute/similarity.js'
import golden from '../../fixtures/alibi-golden.json'

/** alibi's figures are float64 too; the issue asks for 1e-6. */
const tolerance = 1e-6

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, k) => sum + value * (b[k] ?? 0), 0)

const scoreOf = (
  name: (typeof similarityNames)[number],
  eps: number,
  test: readonly number[],
  train: readonly number[],
): number => computeSimilarity({ name, eps }, dot(test, train), dot(test, test), dot(train, train))

const { metrics } = golden

describe('with eps 1e-7', () => {
  it.each([
    ['grad_dot', metrics.dot],
    ['grad_cos', metrics.cos],
    ['grad_asym_dot', metrics.asym_dot],
  ] as const)('%s is alibi’s', (name, expected) => {
    for (const [i, x] of metrics.X.entries()) {
      for (const [j, y] of metrics.Y.entries()) {
        expect(Math.abs(scoreOf(name, 1e-7, x, y) - (expected[i]?.[j] ?? NaN))).toBeLessThan(
          tolerance,
        )
      }
    }
  })

  it.each([
    ['grad_cos', metrics.tiny.cos],
    ['grad_asym_dot', metrics.tiny.asym_dot],
  ] as const)('%s of two equal tiny gradients is shrunk, as alibi’s', (name, scores) => {
    const expected = scores[0]?.[0]
    const [tiny = []] = metrics.tiny.v
    expect(Math.abs(scoreOf(name, 1e-7, tiny, tiny) - (expected ?? NaN))).toBeLessThan(tolerance)
    expect(scoreOf(name, 0, tiny, tiny)).toBeCloseTo(1, 12)
  })
})

const vector = fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), {
  minLength: 4,
  maxLength: 4,
})
const nonZero = vector.filter((values) => dot(values, values) > 1e-6)

/** Sums of four products in float64. */
const rounding = 1e-12

describe('with eps 0', () => {
  it('a zero gradient scores 0', () => {
    const zero = [0, 0, 0, 0]
    fc.assert(
      fc.property(fc.constantFrom(...similarityNames), vector, (name, values) => {
        expect(scoreOf(name, 0, zero, values)).toBeCloseTo(0, 12)
        expect(scoreOf(name, 0, values, zero)).toBeCloseTo(0, 12)
      }),
    )
  })

  it('grad_dot and grad_cos are symmetric; grad_asym_dot divides by the training example’s norm', () => {
    fc.assert(
      fc.property(nonZero, nonZero, (a, b) => {
        expect(scoreOf('grad_dot', 0, a, b)).toBe(scoreOf('grad_dot', 0, b, a))
        expect(scoreOf('grad_cos', 0, a, b)).toBeCloseTo(scoreOf('grad_cos', 0, b, a), 12)
        const ratio = dot(a, b) / dot(b, b)
        expect(scoreOf('grad_asym_dot', 0, a, b)).toBeCloseTo(ratio, 6)
      }),
    )
  })

  it('the cosine is 1 with itself, −1 with its opposite, and independent of scale', () => {
    fc.assert(
      fc.property(nonZero, nonZero, fc.double({ min: 1e-3, max: 1e3, noNaN: true }), (a, b, s) => {
        expect(Math.abs(scoreOf('grad_cos', 0, a, a) - 1)).toBeLessThan(rounding)
        const opposite = a.map((value) => -value)
        expect(Math.abs(scoreOf('grad_cos', 0, a, opposite) + 1)).toBeLessThan(rounding)
        const scaled = a.map((value) => s * value)
        const difference = scoreOf('grad_cos', 0, scaled, b) - scoreOf('grad_cos', 0, a, b)
        expect(Math.abs(difference)).toBeLessThan(rounding)
      }),
    )
  })
})

describe('ranking', () => {
  const score = fc.oneof(
    fc.integer({ min: -3, max: 3 }),
    fc.constantFrom(NaN, Infinity, -Infinity, -0),
  )

  function ranked(row: readonly number[], most: number, least: number, tile: number): Ranking {
    const ranking = new HostRanking({
      testCount: 1,
      trainCount: row.length,
      similarity: { name: 'grad_dot', eps: 0 },
      most,
      least,
    })
    for (let start = 0; start < row.length; start += tile) {
      ranking.add(0, start, Float32Array.from(row.slice(start, start + tile)))
    }
    return ranking.finish()
  }

  it("equals a stable sort, with values that aren't finite at the end, for all tiles", () => {
    fc.assert(
      fc.property(
        fc.array(score, { minLength: 1, maxLength: 60 }),
        fc.nat(59),
        fc.nat(59),
        fc.integer({ min: 1, max: 60 }),
        (row, mostNat, leastNat, tile) => {
          const most = Math.min(mostNat + 1, row.length)
          const least = Math.min(leastNat + 1, row.length)
          const { scores, indices, leastIndices, nonFinite } = ranked(row, most, least, tile)
          const finite = [...row.keys()].filter((i) => Number.isFinite(row[i]))
          const missing = [...row.keys()].filter((i) => !Number.isFinite(row[i]))
          const sorted = finite.toSorted((i, j) => row[j]! - row[i]! || i - j)
          const order = [...sorted, ...missing].slice(0, most)
          expect([...indices]).toEqual(order)
          expect([...scores]).toEqual(order.map((i) => row[i]))
          expect([...leastIndices]).toEqual([...sorted.toReversed(), ...missing].slice(0, least))
          expect(nonFinite).toEqual([missing])
        },
      ),
    )
  })

  it('ranks each test example separately', () => {
    const ranking = new HostRanking({
      testCount: 2,
      trainCount: 3,
      similarity: { name: 'grad_dot', eps: 0 },
      most: 3,
      least: 1,
    })
    ranking.add(1, 0, Float32Array.of(6, 5, 4))
    ranking.add(0, 0, Float32Array.of(1, 2, 3))
    const { scores, indices, leastIndices } = ranking.finish()
    expect([...indices]).toEqual([2, 1, 0, 0, 1, 2])
    expect([...scores]).toEqual([3, 2, 1, 6, 5, 4])
    expect([...leastIndices]).toEqual([0, 2])
  })
})

import fc from 'fast-check'
import type { GradientBlock } from 'gradlens'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { chooseLayout, getCompactByteLength } from '../../../src/gradients/compact-layout.js'
import type { CompactSegment } from '../../../src/gradients/block.js'
import type { GradientBackend } from '../../../src/compute/gradient-backend.js'
import type { Ranking } from '../../../src/compute/ranking.js'
import { type Similarity, similarityNames } from '../../../src/compute/similarity.js'
import { ExpectedScores } from '../references/expected-scores.js'
import { materializedGradients } from '../references/materialized-gradients.js'
import { type Upload, uploadedCopy, uploadRows } from '../gradients/uploaded-rows.js'
import {
  asOneParameter,
  parameterSize,
  randomBlock,
  type SegmentShape,
  segmentShapes,
} from '../gradients/random-blocks.js'

export interface BackendSuiteOptions {
  readonly open: () => Promise<GradientBackend>
  /** Relative to the size of the terms that are summed; its reason is at its definition. */
  readonly tolerance: number
  /** Random cases per property. Default 40. */
  readonly runs?: number
  /** How a block is uploaded. Default: as a copy. */
  readonly upload?: Upload
}

/** A segment's layout and sizes, without its numbers. */
const layoutOf = (segment: CompactSegment): object =>
  Object.fromEntries(Object.entries(segment).filter(([, value]) => !ArrayBuffer.isView(value)))

const cosine: Similarity = { name: 'grad_cos', eps: 0 }
const dot: Similarity = { name: 'grad_dot', eps: 0 }

/** Where a block of several rows is cut, and in which order the tiles are scored. */
interface Tiling {
  readonly testStep: number
  readonly trainStep: number
  readonly backwards: boolean
}
const oneTile: Tiling = { testStep: Infinity, trainStep: Infinity, backwards: false }

/** The tests that every GradientBackend must pass, through its interface. */
export function describeBackend(
  title: string,
  { open, tolerance, runs = 40, upload = uploadedCopy }: BackendSuiteOptions,
): void {
  describe(title, () => {
    let backend: GradientBackend
    beforeEach(async () => {
      backend = await open()
    })
    afterEach(() => {
      backend[Symbol.dispose]()
    })

    async function rank(
      test: GradientBlock,
      train: GradientBlock,
      by: Similarity,
      counts: { most?: number; least?: number } = {},
      tiling: Tiling = oneTile,
    ): Promise<Ranking> {
      const { most = train.exampleCount, least = 0 } = counts
      const [testCount, trainCount] = [test.exampleCount, train.exampleCount]
      using ranker = backend.openRanking({ testCount, trainCount, similarity: by, most, least })
      const tests = await uploadRows(backend, upload, test, tiling.testStep)
      const trains = await uploadRows(backend, upload, train, tiling.trainStep)
      const tiles = tests.flatMap((a) => trains.map((b) => [a, b] as const))
      for (const [a, b] of tiling.backwards ? tiles.reverse() : tiles) {
        await ranker.add(a.uploaded, a.start, b.uploaded, b.start)
      }
      const ranking = await ranker.finish()
      for (const { uploaded } of [...tests, ...trains]) uploaded[Symbol.dispose]()
      await backend.settle()
      return ranking
    }

    /** Compares the scores of the full order, by training example, with those of dense gradients. */
    async function expectScores(
      test: GradientBlock,
      train: GradientBlock,
      by: Similarity,
    ): Promise<void> {
      const ranking = await rank(test, train, by)
      const [expectedTest, expectedTrain] = [new ExpectedScores(test), new ExpectedScores(train)]
      const { indices } = ranking
      expect(indices.length).toBe(test.exampleCount * train.exampleCount)
      for (const [at, j] of indices.entries()) {
        const i = Math.floor(at / train.exampleCount)
        const { score, scale } = expectedTest.pair(i, expectedTrain, j, by)
        const difference = Math.abs(ranking.scores[at]! - score)
        // Scores are float32 numbers, of which the smallest are 1.4e-45 apart.
        expect(difference).toBeLessThanOrEqual(tolerance * scale + 1.5e-45)
      }
    }

    it('scores gradients of every layout and size by the definition', async () => {
      await fc.assert(
        fc.asyncProperty(
          segmentShapes,
          fc.integer({ min: 1, max: 5 }),
          fc.integer({ min: 1, max: 9 }),
          fc.constantFrom(...similarityNames),
          fc.constantFrom(0, 1e-7, 0.5),
          async (shapes, testCount, trainCount, name, eps) => {
            const test = randomBlock(shapes, testCount, 1)
            await expectScores(test, randomBlock(shapes, trainCount, 2), { name, eps })
          },
        ),
        { numRuns: runs, seed: 1 },
      )
    })

    it('returns the squared norms of the gradients, and the bytes of their compact layouts', async () => {
      await fc.assert(
        fc.asyncProperty(segmentShapes, fc.boolean(), async (shapes, together) => {
          const sizes = new Set(shapes.map(parameterSize))
          const random = randomBlock(shapes, 3, 3)
          const block = together && sizes.size === 1 ? asOneParameter(random) : random
          const expected = new ExpectedScores(block)
          using uploaded = await upload(backend, block)
          expect(uploaded.exampleCount).toBe(3)
          expect(uploaded.byteLength).toBe(getCompactByteLength(3, block.segments))
          for (const [row, norm] of (await uploaded.squaredNorms()).entries()) {
            const difference = Math.abs(norm - expected.squaredNorms[row]!)
            expect(difference).toBeLessThanOrEqual(tolerance * expected.normScale(row))
          }
        }),
        { numRuns: runs, seed: 2 },
      )
    })

    it('returns the uploaded gradients in their compact layouts', async () => {
      await fc.assert(
        fc.asyncProperty(
          segmentShapes,
          // The product of two factors this small is still a float32.
          fc.constantFrom(1e-12, 1, 1e15),
          async (shapes, magnitude) => {
            const block = randomBlock(shapes, 3, 4, magnitude)
            const wanted = [0, 1, 2].map((row) => materializedGradients(block, row))
            using uploaded = await upload(backend, block)
            const read = await uploaded.read()
            expect(read.segments.map(layoutOf)).toEqual(
              block.segments.map((segment) => ({
                parameter: segment.parameter,
                ...chooseLayout(segment),
              })),
            )
            for (const [row, gradients] of wanted.entries()) {
              const got = materializedGradients(read, row)
              for (const [parameter, values] of gradients) {
                const scale = Math.max(...values.map(Math.abs))
                for (const [k, value] of values.entries()) {
                  const difference = Math.abs((got.get(parameter)?.[k] ?? NaN) - value)
                  expect(difference).toBeLessThanOrEqual(tolerance * scale)
                }
              }
            }
          },
        ),
        { numRuns: runs, seed: 6 },
      )
    })

    it.each([
      { kind: 'dense', size: 1025 },
      { kind: 'dense', size: 4099 },
      { kind: 'factored', positions: 1, inputSize: 71, outputSize: 37 },
      { kind: 'factored', positions: 7, inputSize: 35, outputSize: 39 },
      { kind: 'factored', positions: 19, inputSize: 33, outputSize: 35 },
      { kind: 'lookup', positions: 37, rowSize: 21, parameterRows: 101 },
    ] satisfies SegmentShape[])('scores sizes that fill no tile: %o', async (shape) => {
      await expectScores(randomBlock([shape], 7, 4), randomBlock([shape], 71, 5), cosine)
    })

    it('adds the segments of a parameter that is used in several ways, with the products between them', async () => {
      const shapes: SegmentShape[] = [
        { kind: 'dense', size: 630 },
        { kind: 'factored', positions: 2, inputSize: 63, outputSize: 10 },
        { kind: 'factored', positions: 5, inputSize: 63, outputSize: 10 },
        { kind: 'factored', positions: 2, inputSize: 21, outputSize: 30 },
        { kind: 'lookup', positions: 3, rowSize: 10, parameterRows: 63 },
      ]
      const test = asOneParameter(randomBlock(shapes, 3, 6))
      await expectScores(test, asOneParameter(randomBlock(shapes, 6, 7)), cosine)
      for (const shape of shapes) {
        const train = asOneParameter(randomBlock([shape], 4, 8))
        await expectScores(test, train, cosine)
        await expectScores(train, test, cosine)
      }
    })

    it('compares dense gradients with factors of one position', async () => {
      for (const outputSize of [4, 32, 36, 68, 7]) {
        const inputSize = 5 * outputSize - 1
        const shape: SegmentShape = { kind: 'factored', positions: 1, inputSize, outputSize }
        const factored = randomBlock([shape], 5, 30)
        const dense = randomBlock([{ kind: 'dense', size: inputSize * outputSize }], 3, 31)
        await expectScores(dense, factored, cosine)
        await expectScores(factored, dense, cosine)
      }
    })

    it('compares a parameter whose two sides have different numbers of positions', async () => {
      const of = (positions: number): SegmentShape => ({
        kind: 'factored',
        positions,
        inputSize: 40,
        outputSize: 30,
      })
      for (const [a, b] of [
        [1, 3],
        [3, 1],
        [2, 12],
        [12, 13],
      ] as const) {
        await expectScores(randomBlock([of(a)], 3, 9), randomBlock([of(b)], 5, 10), cosine)
      }
    })

    it('adds nothing for a parameter that one side leaves out', async () => {
      const both = randomBlock(
        [
          { kind: 'dense', size: 5 },
          { kind: 'dense', size: 3 },
        ],
        2,
        11,
      )
      await expectScores(both, randomBlock([{ kind: 'dense', size: 5 }], 3, 12), dot)
      const apart = { ...randomBlock([{ kind: 'dense', size: 2 }], 3, 13), segments: [] }
      expect(Array.from((await rank(both, apart, dot)).scores)).toEqual([0, 0, 0, 0, 0, 0])
    })

    it.each([1e-25, 1e-12, 1e15])(
      'compares gradients of magnitude %d as those of 1',
      async (magnitude) => {
        const shapes: SegmentShape[] = [
          { kind: 'dense', size: 50 },
          { kind: 'factored', positions: 1, inputSize: 20, outputSize: 30 },
          { kind: 'factored', positions: 9, inputSize: 5, outputSize: 4 },
          { kind: 'lookup', positions: 2, rowSize: 6, parameterRows: 30 },
        ]
        // Both factors of a gradient this small would underflow in their product.
        const test = randomBlock(shapes, 2, 14, Math.sqrt(magnitude))
        await expectScores(test, randomBlock(shapes, 5, 15, Math.sqrt(magnitude)), cosine)
        const dense = shapes.slice(0, 1)
        const small = randomBlock(dense, 4, 16, magnitude)
        await expectScores(randomBlock(dense, 2, 17), small, cosine)
        await expectScores(small, small, cosine)
      },
    )

    it('has identical results for all tiles and orders of tiles', async () => {
      const shapes: SegmentShape[] = [
        { kind: 'dense', size: 1333 },
        { kind: 'factored', positions: 1, inputSize: 45, outputSize: 23 },
        { kind: 'factored', positions: 3, inputSize: 45, outputSize: 23 },
        { kind: 'factored', positions: 9, inputSize: 12, outputSize: 11 },
        { kind: 'lookup', positions: 5, rowSize: 7, parameterRows: 43 },
      ]
      const test = randomBlock(shapes, 5, 18)
      const train = randomBlock(shapes, 23, 19)
      for (const counts of [{}, { most: 4, least: 3 }]) {
        const whole = await rank(test, train, cosine, counts)
        for (const tiling of [
          { testStep: 1, trainStep: 1, backwards: false },
          { testStep: 2, trainStep: 5, backwards: true },
          { testStep: 5, trainStep: 9, backwards: true },
        ]) {
          expect(await rank(test, train, cosine, counts, tiling)).toEqual(whole)
        }
      }
    })

    it('returns the ends of the full order as the most and the least similar', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 60 }),
          fc.nat(20),
          fc.nat(20),
          fc.integer({ min: 1, max: 25 }),
          fc.boolean(),
          async (trainCount, most, least, trainStep, backwards) => {
            const test = randomBlock([{ kind: 'dense', size: 1 }], 2, 20)
            // Few different values, so that there are ties.
            const train = randomBlock([{ kind: 'dense', size: 1 }], trainCount, 21)
            const [segment] = train.segments
            const values = segment?.kind === 'dense' ? segment.values : new Float32Array()
            for (const [k, value] of values.entries()) values[k] = Math.round(3 * value)
            if (trainCount > 3) values[2] = Infinity
            if (trainCount > 7) values[6] = NaN
            const counts = { most: Math.min(most, trainCount), least: Math.min(least, trainCount) }
            const full = await rank(test, train, dot, { least: trainCount })
            const ends = await rank(test, train, dot, counts, { ...oneTile, trainStep, backwards })
            const head = (numbers: Float32Array | Int32Array, count: number): number[] =>
              [0, 1].flatMap((i) => [...numbers.subarray(i * trainCount, i * trainCount + count)])
            expect(Array.from(ends.scores)).toEqual(head(full.scores, counts.most))
            expect(Array.from(ends.indices)).toEqual(head(full.indices, counts.most))
            expect(Array.from(ends.leastIndices)).toEqual(head(full.leastIndices, counts.least))
            expect(ends.nonFinite).toEqual(full.nonFinite)
          },
        ),
        { numRuns: runs, seed: 3 },
      )
    })

    it("orders by score, equal scores by index, and scores that aren't finite last", async () => {
      const values = Float32Array.from([2, NaN, -3, 0, 2, -0, Infinity, 5, -3])
      const column = (numbers: Float32Array): GradientBlock => ({
        exampleCount: numbers.length,
        segments: [{ kind: 'dense', parameter: 'θ', size: 1, values: numbers }],
      })
      const ranking = await rank(column(Float32Array.from([1, -1])), column(values), dot, {
        least: 9,
      })
      expect(Array.from(ranking.indices)).toEqual([
        ...[7, 0, 4, 3, 5, 2, 8, 1, 6],
        ...[2, 8, 3, 5, 0, 4, 7, 1, 6],
      ])
      expect(Array.from(ranking.scores.subarray(0, 7), (score) => score + 0)).toEqual([
        5, 2, 2, 0, 0, -3, -3,
      ])
      expect(ranking.scores.subarray(7, 9).some(Number.isFinite)).toBe(false)
      expect(Array.from(ranking.leastIndices)).toEqual([
        ...[8, 2, 5, 3, 4, 0, 7, 1, 6],
        ...[7, 4, 0, 5, 3, 8, 2, 1, 6],
      ])
      expect(ranking.nonFinite).toEqual([
        [1, 6],
        [1, 6],
      ])
    })

    it("scores only training gradients that aren't finite as NaN, in every layout", async () => {
      const shapes: SegmentShape[] = [
        { kind: 'dense', size: 9 },
        { kind: 'factored', positions: 1, inputSize: 8, outputSize: 9 },
        { kind: 'factored', positions: 6, inputSize: 2, outputSize: 3 },
        { kind: 'lookup', positions: 2, rowSize: 3, parameterRows: 20 },
      ]
      const test = randomBlock(shapes, 2, 22)
      for (const [which, value] of [NaN, Infinity, -Infinity, NaN].entries()) {
        const train = randomBlock(shapes, 4, 23)
        const segment = train.segments[which]!
        const numbers = segment.kind === 'dense' ? segment.values : segment.delta
        numbers[2 * (numbers.length / 4)] = value
        using uploaded = await upload(backend, train)
        const norms = await uploaded.squaredNorms()
        expect(Array.from(norms, Number.isFinite)).toEqual([true, true, false, true])
        for (const name of similarityNames) {
          const { nonFinite } = await rank(test, train, { name, eps: 0 })
          expect(nonFinite).toEqual([[2], [2]])
        }
      }
    })

    it('scores a zero gradient 0', async () => {
      const shapes: SegmentShape[] = [
        { kind: 'dense', size: 9 },
        { kind: 'factored', positions: 1, inputSize: 8, outputSize: 9 },
      ]
      const zero = randomBlock(shapes, 3, 24, 0)
      const other = randomBlock(shapes, 1, 25)
      for (const name of similarityNames) {
        for (const [test, train] of [
          [other, zero],
          [zero, other],
          [zero, zero],
        ] as const) {
          const { scores } = await rank(test, train, { name, eps: 0 })
          expect(scores.every((score) => score === 0)).toBe(true)
        }
      }
    })

    it('can be disposed twice, and so can its results', async () => {
      const block = randomBlock([{ kind: 'dense', size: 4 }], 2, 26)
      const uploaded = await upload(backend, block)
      const ranker = backend.openRanking({
        testCount: 2,
        trainCount: 2,
        similarity: dot,
        most: 2,
        least: 0,
      })
      for (const disposable of [ranker, uploaded, ranker, uploaded, backend, backend]) {
        disposable[Symbol.dispose]()
      }
    })
  })
}

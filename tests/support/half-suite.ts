import fc from 'fast-check'
import type { GradientBlock } from 'gradlens'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CompactBlock } from '../../src/compute/compact.js'
import { compactBlock } from '../../src/compute/compact.js'
import type { Compute } from '../../src/compute/compute.js'
import type { HalfBlock, HalfFloats } from '../../src/compute/half-block.js'
import { mapSegment } from '../../src/compute/map-segment.js'
import type { Ranking } from '../../src/compute/ranking.js'
import { similarityNames } from '../../src/compute/similarity.js'
import { decodedBlock } from '../../src/gradients/decoded-block.js'
import { encodeFloat16 } from '../../src/gradients/zarr/float16.js'
import { formedGradients } from './formed-gradients.js'
import type { SegmentShape } from './random-blocks.js'
import { asOneParameter, randomBlock, segmentShapes } from './random-blocks.js'

/** The block as a store of float16 would hold it. */
function halfBlock(block: GradientBlock): HalfBlock {
  const { rowCount, segments } = compactBlock(block)
  const half = (numbers: Float32Array): HalfFloats => {
    const rowSize = numbers.length / rowCount
    const bits = new Uint16Array(numbers.length)
    const exponents = Int16Array.from({ length: rowCount }, (_, row) => {
      const [start, end] = [row * rowSize, (row + 1) * rowSize]
      return encodeFloat16(numbers.subarray(start, end), bits.subarray(start, end))
    })
    return { bits, exponents }
  }
  return { rowCount, segments: segments.map((segment) => mapSegment(segment, half)) }
}

const copy = <Block extends CompactBlock | HalfBlock>(block: Block): Block => structuredClone(block)

/** Without the signs of zeros; which of two factors carries a power of two does not matter. */
const formed = (block: CompactBlock, row: number): (readonly [string, number[]])[] =>
  [...formedGradients(block, row)].map(([name, values]) => [
    name,
    Array.from(values, (value) => value + 0),
  ])

interface HalfSuiteOptions {
  readonly open: () => Promise<Compute>
  readonly runs: number
}

/** What a Compute makes of float16 numbers is, to the last bit, what it makes of the same in float32. */
export function describeHalf(name: string, { open, runs }: HalfSuiteOptions): void {
  describe(`${name}: float16`, () => {
    let compute: Compute
    beforeEach(async () => {
      compute = await open()
    })
    afterEach(() => {
      compute[Symbol.dispose]()
    })

    async function rank(
      tests: CompactBlock | HalfBlock,
      train: CompactBlock | HalfBlock,
      most: number,
    ): Promise<Ranking> {
      const counts = { testCount: tests.rowCount, trainCount: train.rowCount, most, least: 2 }
      const similarity = { name: similarityNames[1], eps: 0 }
      using ranker = compute.openRanking({ ...counts, similarity })
      using test = await compute.hold(copy(tests))
      using held = await compute.hold(copy(train))
      await ranker.add(test, 0, held, 0)
      return await ranker.finish()
    }

    async function expectSame(tests: HalfBlock, train: HalfBlock, most: number): Promise<void> {
      const [floatTests, floatTrain] = [decodedBlock(tests), decodedBlock(train)]
      const expected = await rank(floatTests, floatTrain, most)
      expect(await rank(floatTests, train, most)).toEqual(expected)
      expect(await rank(tests, train, most)).toEqual(expected)
      using held = await compute.hold(copy(train))
      using floats = await compute.hold(copy(floatTrain))
      expect(await held.squaredNorms()).toEqual(await floats.squaredNorms())
      const [read, wanted] = [await held.read(), await floats.read()]
      for (let row = 0; row < Math.min(3, train.rowCount); row++) {
        expect(formed(read, row)).toEqual(formed(wanted, row))
      }
    }

    const many: SegmentShape[] = [
      { kind: 'dense', size: 5003 },
      { kind: 'factored', positions: 1, inputSize: 61, outputSize: 9 },
    ]

    it('ranks, and has the norms, as in float32, whatever the form', async () => {
      await fc.assert(
        fc.asyncProperty(
          segmentShapes,
          fc.integer({ min: 1, max: 9 }),
          fc.integer({ min: -70, max: 30 }),
          fc.integer(),
          async (shapes, rowCount, exponent, seed) => {
            const train = halfBlock(randomBlock(shapes, rowCount, seed, 2 ** (exponent / 2)))
            const tests = halfBlock(randomBlock(shapes, 2, seed + 1))
            await expectSame(tests, train, Math.ceil(rowCount / 2))
          },
        ),
        { numRuns: runs },
      )
    })

    it('ranks many rows the same, however many are decoded at once', async () => {
      await expectSame(halfBlock(randomBlock(many, 3, 2)), halfBlock(randomBlock(many, 41, 1)), 41)
    })

    it('tells rows that are not finite, as in float32', async () => {
      const block = randomBlock(many, 6, 3)
      const [values] = block.segments
      if (values?.kind !== 'dense') throw new Error('the first segment is dense')
      values.values[5003 + 17] = NaN
      values.values[3 * 5003] = -Infinity
      const tests = decodedBlock(halfBlock(randomBlock(many, 1, 4)))
      const ranking = await rank(tests, halfBlock(block), 6)
      expect(ranking.nonFinite).toEqual([[1, 3]])
      expect(ranking).toEqual(await rank(tests, decodedBlock(halfBlock(block)), 6))
    })

    it('adds up the segments of one parameter', async () => {
      const shapes: SegmentShape[] = [
        { kind: 'dense', size: 12 },
        { kind: 'factored', positions: 2, inputSize: 4, outputSize: 3 },
        { kind: 'rows', positions: 2, rowSize: 3, parameterRows: 4 },
      ]
      const train = halfBlock(asOneParameter(randomBlock(shapes, 7, 5)))
      const tests = decodedBlock(halfBlock(randomBlock(shapes, 2, 6)))
      const found = await rank(tests, train, 7)
      const expected = await rank(tests, decodedBlock(train), 7)
      expect(found.indices).toEqual(expected.indices)
      // The sums are made in another order.
      for (const [k, score] of expected.scores.entries()) {
        expect(found.scores[k]).toBeCloseTo(score, 6)
      }
    })
  })
}

import fc from 'fast-check'
import type { GradientBlock } from 'gradlens'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CompactBlock } from '../../../src/gradients/block.js'
import { compactBlock } from '../../../src/gradients/compact-block.js'
import type { GradientBackend } from '../../../src/compute/gradient-backend.js'
import type { Float16Block, Float16Values } from '../../../src/gradients/float16-block.js'
import { mapSegment } from '../../../src/gradients/map-segment.js'
import type { Ranking } from '../../../src/compute/ranking.js'
import { similarityNames } from '../../../src/compute/similarity.js'
import { decodeBlock } from '../../../src/gradients/decode-block.js'
import { seededRandom } from '../../../src/random.js'
import { encodeFloat16 } from '../../../src/gradients/numbers/float16.js'
import { materializedGradients } from '../references/materialized-gradients.js'
import {
  asOneParameter,
  randomBlock,
  type SegmentShape,
  segmentShapes,
} from '../gradients/random-blocks.js'

/** Encodes a block as a store of float16 does. */
function float16Block(block: GradientBlock): Float16Block {
  const { exampleCount, segments } = compactBlock(block)
  const encode = (numbers: Float32Array): Float16Values => {
    const rowSize = numbers.length / exampleCount
    const bits = new Uint16Array(numbers.length)
    const exponents = Int16Array.from({ length: exampleCount }, (_, row) => {
      const [start, end] = [row * rowSize, (row + 1) * rowSize]
      return encodeFloat16(numbers.subarray(start, end), bits.subarray(start, end))
    })
    return { bits, exponents }
  }
  return { exampleCount, segments: segments.map((segment) => mapSegment(segment, encode)) }
}

/** Replaces numbers: a quarter by zeros of both signs, and a share by numbers that float16 has as subnormal. */
function smallNumbers(block: Float16Block, subnormalShare: number, seed: number): Float16Block {
  const random = seededRandom(seed)
  for (const segment of block.segments) {
    if (segment.kind !== 'dense') continue
    const { bits } = segment.values
    for (let at = 0; at < bits.length; at++) {
      const sign = random() < 0.5 ? 0 : 0x8000
      if (random() < subnormalShare) bits[at] = sign | (1 + Math.floor(1023 * random()))
      else if (random() < 0.25) bits[at] = sign
    }
  }
  return block
}

const copy = <Block extends CompactBlock | Float16Block>(block: Block): Block =>
  structuredClone(block)

/** The gradients of an example, without the signs of zeros. */
const materialized = (block: CompactBlock, row: number): (readonly [string, number[]])[] =>
  [...materializedGradients(block, row)].map(([name, values]) => [
    name,
    Array.from(values, (value) => value + 0),
  ])

interface Float16SuiteOptions {
  readonly open: () => Promise<GradientBackend>
  readonly runs: number
}

/** Results for float16 numbers equal those for the same numbers in float32, bit for bit. */
export function describeFloat16(name: string, { open, runs }: Float16SuiteOptions): void {
  describe(`${name}: float16`, () => {
    let backend: GradientBackend
    beforeEach(async () => {
      backend = await open()
    })
    afterEach(() => {
      backend[Symbol.dispose]()
    })

    async function rank(
      tests: CompactBlock | Float16Block,
      train: CompactBlock | Float16Block,
      most: number,
    ): Promise<Ranking> {
      const counts = {
        testCount: tests.exampleCount,
        trainCount: train.exampleCount,
        most,
        least: 2,
      }
      const similarity = { name: similarityNames[1], eps: 0 }
      using ranker = backend.openRanking({ ...counts, similarity })
      using test = await backend.upload(copy(tests))
      using uploaded = await backend.upload(copy(train))
      await ranker.add(test, 0, uploaded, 0)
      return await ranker.finish()
    }

    async function expectSame(
      tests: Float16Block,
      train: Float16Block,
      most: number,
    ): Promise<void> {
      const [floatTests, floatTrain] = [decodeBlock(tests), decodeBlock(train)]
      const expected = await rank(floatTests, floatTrain, most)
      expect(await rank(floatTests, train, most)).toEqual(expected)
      expect(await rank(tests, train, most)).toEqual(expected)
      using uploaded = await backend.upload(copy(train))
      using floats = await backend.upload(copy(floatTrain))
      expect(await uploaded.squaredNorms()).toEqual(await floats.squaredNorms())
      const [read, wanted] = [await uploaded.read(), await floats.read()]
      for (let row = 0; row < Math.min(3, train.exampleCount); row++) {
        expect(materialized(read, row)).toEqual(materialized(wanted, row))
      }
    }

    const many: SegmentShape[] = [
      { kind: 'dense', size: 5003 },
      { kind: 'factored', positions: 1, inputSize: 61, outputSize: 9 },
    ]

    it('ranks and has the norms as in float32, in every layout', async () => {
      await fc.assert(
        fc.asyncProperty(
          segmentShapes,
          fc.integer({ min: 1, max: 9 }),
          fc.integer({ min: -70, max: 30 }),
          fc.integer(),
          async (shapes, exampleCount, exponent, seed) => {
            const train = float16Block(randomBlock(shapes, exampleCount, seed, 2 ** (exponent / 2)))
            const tests = float16Block(randomBlock(shapes, 2, seed + 1))
            await expectSame(tests, train, Math.ceil(exampleCount / 2))
          },
        ),
        { numRuns: runs },
      )
    })

    it('ranks many examples as in float32, in any number of decoded parts', async () => {
      await expectSame(
        float16Block(randomBlock(many, 3, 2)),
        float16Block(randomBlock(many, 41, 1)),
        41,
      )
    })

    it('finds examples that are not finite, as in float32', async () => {
      const block = randomBlock(many, 6, 3)
      const [values] = block.segments
      if (values?.kind !== 'dense') throw new Error('the first segment is dense')
      values.values[5003 + 17] = NaN
      values.values[3 * 5003] = -Infinity
      const tests = decodeBlock(float16Block(randomBlock(many, 1, 4)))
      const ranking = await rank(tests, float16Block(block), 6)
      expect(ranking.nonFinite).toEqual([[1, 3]])
      expect(ranking).toEqual(await rank(tests, decodeBlock(float16Block(block)), 6))
    })

    // One or a few test examples are compared with the bits themselves, many with decoded numbers.
    for (const testCount of [1, 2, 3, 9]) {
      it(`ranks signed zeros and the smallest numbers as in float32, for ${testCount} tests`, async () => {
        for (const subnormalShare of [0, 0.001, 0.5, 1]) {
          const train = smallNumbers(float16Block(randomBlock(many, 7, 6)), subnormalShare, 7)
          await expectSame(float16Block(randomBlock(many, testCount, 8)), train, 7)
        }
      })
    }

    it('finds infinities and NaN in each kind of factor, as in float32', async () => {
      const tests = decodeBlock(float16Block(randomBlock(many, 1, 9)))
      for (const special of [0x7c00, 0xfc00, 0x7e00]) {
        for (const numbers of ['values', 'a', 'delta'] as const) {
          const train = float16Block(randomBlock(many, 6, 10))
          for (const segment of train.segments) {
            const own = (segment as unknown as Partial<Record<string, Float16Values>>)[numbers]
            if (own === undefined) continue
            own.bits[own.bits.length / 2] = special
          }
          const ranking = await rank(tests, train, 6)
          expect(ranking.nonFinite).toEqual([[3]])
          expect(ranking).toEqual(await rank(tests, decodeBlock(train), 6))
        }
      }
    })

    it('adds up the segments of one parameter', async () => {
      const shapes: SegmentShape[] = [
        { kind: 'dense', size: 12 },
        { kind: 'factored', positions: 2, inputSize: 4, outputSize: 3 },
        { kind: 'lookup', positions: 2, rowSize: 3, parameterRows: 4 },
      ]
      const train = float16Block(asOneParameter(randomBlock(shapes, 7, 5)))
      const tests = decodeBlock(float16Block(randomBlock(shapes, 2, 6)))
      const found = await rank(tests, train, 7)
      const expected = await rank(tests, decodeBlock(train), 7)
      expect(found.indices).toEqual(expected.indices)
      // The sums have another order.
      for (const [k, score] of expected.scores.entries()) {
        expect(found.scores[k]).toBeCloseTo(score, 6)
      }
    })
  })
}

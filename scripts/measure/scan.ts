/**
 * Measures how fast one thread ranks gradients of the notebook net's size in memory, float32 and
 * float16, compared with a plain SIMD read of the same number of bytes: `npx tsx
 * scripts/measure/scan.ts`. "Once" includes the upload and the release of a block, as for a block
 * that is read from a store. It takes medians of processor time, so that other programs matter less.
 */
import type { CompactBlock } from '../../src/gradients/block.js'
import type { Float16Block, Float16Values } from '../../src/gradients/float16-block.js'
import { mapSegment } from '../../src/gradients/map-segment.js'
import { WasmInstance } from '../../src/compute/wasm/instance.js'
import { compileKernels } from '../../src/compute/wasm/kernels.js'
import { PageBackend } from '../../src/compute/wasm/page-backend.js'
import { encodeFloat16 } from '../../src/gradients/numbers/float16.js'
import { seededRandom } from '../data/random.js'

const ROUNDS = 15
const ROWS = 768
/** The net of alibi's notebook: two convolutions, two dense layers, and their biases. */
const DENSE = [256, 64, 8192, 32, 256, 10]
const FACTORED = [
  { inputSize: 1568, outputSize: 256 },
  { inputSize: 256, outputSize: 10 },
]

const random = seededRandom(1)
const floats = (count: number): Float32Array =>
  Float32Array.from({ length: count }, () => random() - 0.5)

function createBlock(exampleCount: number): CompactBlock {
  return {
    exampleCount,
    segments: [
      ...DENSE.map((size, k) => ({
        ...({ kind: 'dense', parameter: `dense${k}`, size } as const),
        values: floats(exampleCount * size),
      })),
      ...FACTORED.map((sizes, k) => ({
        ...({
          kind: 'factored',
          parameter: `factored${k}`,
          positions: 1,
          ...sizes,
        } as const),
        a: floats(exampleCount * sizes.inputSize),
        delta: floats(exampleCount * sizes.outputSize),
      })),
    ],
  }
}

function encodeBlock({ exampleCount, segments }: CompactBlock): Float16Block {
  const encode = (numbers: Float32Array): Float16Values => {
    const size = numbers.length / exampleCount
    const bits = new Uint16Array(numbers.length)
    const row = (_: unknown, k: number): number =>
      encodeFloat16(
        numbers.subarray(k * size, (k + 1) * size),
        bits.subarray(k * size, (k + 1) * size),
      )
    return { bits, exponents: Int16Array.from({ length: exampleCount }, row) }
  }
  return { exampleCount, segments: segments.map((segment) => mapSegment(segment, encode)) }
}

const compiled = await compileKernels()
const reader = await WasmInstance.open(compiled)
const backend = new PageBackend(await WasmInstance.open(compiled))
const train = createBlock(ROWS)
const numberCount = train.segments.reduce(
  (sum, segment) =>
    sum +
    (segment.kind === 'dense'
      ? segment.size
      : segment.kind === 'factored'
        ? segment.inputSize + segment.outputSize
        : 0),
  0,
)
const blocks = { float32: train, float16: encodeBlock(train) }
const stored = {
  float32: await backend.upload(blocks.float32),
  float16: await backend.upload(blocks.float16),
}
const byteLengths = { float32: ROWS * numberCount * 4, float16: ROWS * numberCount * 2 }
const memory = reader.allocate(byteLengths.float32)
reader.floats.fill(1, memory / 4, memory / 4 + ROWS * numberCount)

const works: Record<string, { byteLength: number; work: () => unknown }> = {}
for (const name of ['float32', 'float16'] as const) {
  const byteLength = byteLengths[name]
  // It looks for the largest number, and changes none where that is 1.
  const work = (): number => reader.kernels.normalize(memory, byteLength / 4)
  works[`${name}: plain read`] = { byteLength, work }
  for (const testCount of [1, 4, 16]) {
    const test = await backend.upload(createBlock(testCount))
    const similarity = { name: 'grad_cos', eps: 0 } as const
    const ranker = backend.openRanking({
      testCount,
      trainCount: 1e9,
      similarity,
      most: 5,
      least: 5,
    })
    works[`${name}: ${testCount} against all`] = {
      byteLength,
      work: () => ranker.add(test, 0, stored[name], 0),
    }
    works[`${name}: ${testCount} against all, once`] = {
      byteLength,
      work: async () => {
        using uploaded = await backend.upload(blocks[name])
        await ranker.add(test, 0, uploaded, 0)
      },
    }
  }
}
const times = new Map(Object.keys(works).map((name) => [name, [] as number[]]))
for (let round = 0; round <= ROUNDS; round++) {
  for (const [name, { work }] of Object.entries(works)) {
    const start = process.cpuUsage()
    for (let k = 0; k < 4; k++) await work()
    const { user, system } = process.cpuUsage(start)
    // The first round is a warm-up.
    if (round > 0) times.get(name)!.push((user + system) / 4)
  }
}
let plain = 0
for (const [name, measured] of times) {
  const us = measured.toSorted((a, b) => a - b)[measured.length >> 1]!
  const speed = works[name]!.byteLength / 1e3 / us
  if (name.endsWith('plain read')) plain = speed
  console.log(
    `${name.padEnd(30)} ${speed.toFixed(2)} GB/s, ${((100 * speed) / plain).toFixed(0)} % of a plain read`,
  )
}

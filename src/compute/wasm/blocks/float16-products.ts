import { bytesPerFloat64 } from '../../../gradients/numbers/byte-sizes.js'
import { isGramCheaper } from '../../product-method.js'
import type { WasmInstance } from '../instance.js'
import type { PlacedBlock } from './block-placement.js'
import { decodeParts, type PlacedFloat16Block } from './float16-block.js'
import { addDense, addFactored, addProducts } from './products.js'
import {
  type DenseSlice,
  type FactoredSlice,
  type SegmentSlice,
  sliceSegment,
} from './segment-slice.js'

/** Adds ⟨g_i, g'_j⟩ to `sums`, the address of float64 [test examples, block's examples]. */
export function addFloat16Products(
  instance: WasmInstance,
  test: PlacedBlock,
  block: PlacedFloat16Block,
  sums: number,
): void {
  for (const segment of block.segments) {
    const tests = test.segments
      .filter(({ parameter }) => parameter === segment.parameter)
      .map((own) => sliceSegment(test, own, 0, test.exampleCount))
    if (tests.length === 0) continue
    const train = sliceSegment(block, segment, 0, block.exampleCount)
    const pairs = tests.map((rows) => selectPair(rows, train))
    const isRead = test.exampleCount <= mostReads && block.ordinary.has(segment)
    if (isRead && pairs.every((pair) => pair !== undefined)) {
      for (const pair of pairs) addPair(instance, pair, sums)
      continue
    }
    decodeParts(instance, block, [segment], (part, start) => {
      addDecoded(instance, tests, part, sums + start * bytesPerFloat64, block.exampleCount)
    })
  }
}

type Pair =
  | { readonly kind: 'dense'; readonly test: DenseSlice; readonly train: DenseSlice }
  | { readonly kind: 'factored'; readonly test: FactoredSlice; readonly train: FactoredSlice }

/** The slices, if their products need no materialized gradient. */
function selectPair(test: SegmentSlice, train: SegmentSlice): Pair | undefined {
  if (test.kind === 'dense' && train.kind === 'dense') return { kind: 'dense', test, train }
  if (test.kind !== 'factored' || train.kind !== 'factored') return undefined
  return isGramCheaper(test, train) ? { kind: 'factored', test, train } : undefined
}

/** Adds the products of float32 rows with float16 rows. */
function addPair(instance: WasmInstance, pair: Pair, sums: number): void {
  if (pair.kind === 'dense') {
    const { test, train } = pair
    const { values, valuesStep, count } = test
    withScaled(instance, values, valuesStep, count, train.valuesStep, (scaled) => {
      addDense(instance, { ...test, values: scaled }, train, sums, true)
    })
    return
  }
  const { test, train } = pair
  const rows = test.count * test.positions
  withScaled(instance, test.a, test.aStep, rows, train.aStep, (a) => {
    withScaled(instance, test.delta, test.deltaStep, rows, train.deltaStep, (delta) => {
      addFactored(instance, { ...test, a, delta }, train, sums, true)
    })
  })
}

/** Runs `work` with a copy of float32 rows that the kernels multiply with float16 rows of `step` bytes. */
function withScaled(
  instance: WasmInstance,
  from: number,
  size: number,
  rows: number,
  step: number,
  work: (address: number) => void,
): void {
  instance.withScratch(2 * step * rows, (scaled) => {
    instance.kernels.scaleTests(from, rows, size, scaled)
    work(scaled)
  })
}

/** Adds the products of all tests with a decoded part; the sums of two tests are `sumCount` apart. */
function addDecoded(
  instance: WasmInstance,
  tests: readonly SegmentSlice[],
  part: PlacedBlock,
  sums: number,
  sumCount: number,
): void {
  const count = part.exampleCount
  const testCount = tests[0]!.count
  const byteLength = testCount * count * bytesPerFloat64
  instance.withScratch(byteLength, (partSums) => {
    instance.bytes.fill(0, partSums, partSums + byteLength)
    for (const rows of tests) {
      for (const segment of part.segments) {
        addProducts(instance, rows, sliceSegment(part, segment, 0, count), partSums)
      }
    }
    const { doubles } = instance
    for (let i = 0; i < testCount; i++) {
      const from = partSums / bytesPerFloat64 + i * count
      const to = sums / bytesPerFloat64 + i * sumCount
      for (let j = 0; j < count; j++) doubles[to + j]! += doubles[from + j]!
    }
  })
}

/** With more test examples, it is faster to decode the numbers once. The sums are equal bit for bit. */
const mostReads = 4

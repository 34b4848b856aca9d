import { bytesPerFloat64 } from '../../../gradients/numbers/byte-sizes.js'
import { isGramCheaper } from '../../product-method.js'
import type { WasmInstance } from '../instance.js'
import type { PlacedBlock } from './block-placement.js'
import {
  addPartNorms,
  type Float16Part,
  type HostFloat16Block,
  readParts,
  withDecoded,
} from './float16-block.js'
import { hasFloat16Squares } from './float16-squares.js'
import { addDense, addFactored, addProducts } from './products.js'
import { type SegmentSlice, sliceSegment } from './segment-slice.js'

/**
 * Adds ⟨g_i, g'_j⟩ to `sums`, the address of float64 [test examples, block's examples]. The first call also computes the
 * block's squared norms.
 */
export function addFloat16Products(
  instance: WasmInstance,
  test: PlacedBlock,
  float16Block: HostFloat16Block,
  sums: number,
): void {
  const { exampleCount } = float16Block
  const norms = float16Block.squaredNorms === undefined ? new Float64Array(exampleCount) : undefined
  for (const parameter of float16Block.parameters) {
    const tests = test.segments
      .filter((segment) => segment.parameter === parameter.segments[0]!.parameter)
      .map((segment) => sliceSegment(test, segment, 0, test.exampleCount))
    if (tests.length === 0 && norms === undefined) continue
    const isFew = test.exampleCount <= mostReads
    withScaledTests(instance, isFew ? tests : [], (scaled) => {
      const work = (part: Float16Part): void => {
        const to = { sums: sums + part.start * bytesPerFloat64, count: exampleCount }
        const isRead = part.isOrdinary && (norms === undefined || hasFloat16Squares(part))
        if (isRead && isFew && arePairs(tests, part)) {
          if (norms !== undefined) addPartNorms(instance, part, part, norms)
          addPartProducts(instance, test.exampleCount, part, to, addFloat16Pair(scaled))
          return
        }
        withDecoded(instance, part, (decoded) => {
          if (norms !== undefined) addPartNorms(instance, part, decoded, norms)
          addPartProducts(instance, test.exampleCount, decoded, to, addFloat32Pairs(tests))
        })
      }
      const isDecoded = !isFew || parameter.isOrdinary === false
      readParts(instance, exampleCount, parameter, work, isDecoded ? 'decoded' : 'bits')
    })
  }
  float16Block.squaredNorms ??= norms
}

type AddProducts = (instance: WasmInstance, train: SegmentSlice, sums: number) => void

const addFloat32Pairs =
  (tests: readonly SegmentSlice[]): AddProducts =>
  (instance, train, sums) => {
    for (const test of tests) addProducts(instance, test, train, sums)
  }

const addFloat16Pair =
  (tests: readonly SegmentSlice[]): AddProducts =>
  (instance, train, sums) => {
    for (const test of tests) {
      if (test.kind === 'dense' && train.kind === 'dense') {
        addDense(instance, test, train, sums, true)
      } else if (test.kind === 'factored' && train.kind === 'factored') {
        addFactored(instance, test, train, sums, true)
      }
    }
  }

/** True if the products of all these need no materialized gradient. */
const arePairs = (tests: readonly SegmentSlice[], part: Float16Part): boolean =>
  tests.every((test) =>
    part.segments.every((train) => {
      if (test.kind === 'dense') return train.kind === 'dense'
      return test.kind === 'factored' && train.kind === 'factored' && isGramCheaper(test, train)
    }),
  )

/** Runs `work` with copies of dense and factored rows that the kernels multiply with float16. */
function withScaledTests(
  instance: WasmInstance,
  tests: readonly SegmentSlice[],
  work: (scaled: readonly SegmentSlice[]) => void,
): void {
  let byteLength = 0
  const copies: { from: number; rows: number; step: number; to: number }[] = []
  const place = (from: number, rows: number, step: number): number => {
    const to = byteLength
    copies.push({ from, rows, step, to })
    byteLength += rows * Math.ceil(step / 32) * 32
    return to
  }
  const placed = tests.map((test): SegmentSlice => {
    if (test.kind === 'dense') {
      return { ...test, values: place(test.values, test.count, test.valuesStep) }
    }
    if (test.kind === 'lookup') return test
    const rows = test.count * test.positions
    const a = place(test.a, rows, test.aStep)
    return { ...test, a, delta: place(test.delta, rows, test.deltaStep) }
  })
  instance.withScratch(byteLength, (address) => {
    for (const { from, rows, step, to } of copies) {
      instance.kernels.scaleTests(from, rows, step, address + to)
    }
    work(
      placed.map((test) => {
        if (test.kind === 'dense') return { ...test, values: address + test.values }
        if (test.kind === 'lookup') return test
        return { ...test, a: address + test.a, delta: address + test.delta }
      }),
    )
  })
}

/** Adds the products with a part to the sums of its examples; those of two tests are `count` apart. */
function addPartProducts(
  instance: WasmInstance,
  testCount: number,
  part: PlacedBlock,
  to: { readonly sums: number; readonly count: number },
  add: AddProducts,
): void {
  const count = part.exampleCount
  const byteLength = testCount * count * bytesPerFloat64
  instance.withScratch(byteLength, (partSums) => {
    instance.bytes.fill(0, partSums, partSums + byteLength)
    for (const segment of part.segments) {
      add(instance, sliceSegment(part, segment, 0, count), partSums)
    }
    const { doubles } = instance
    for (let i = 0; i < testCount; i++) {
      const from = partSums / bytesPerFloat64 + i * count
      const target = to.sums / bytesPerFloat64 + i * to.count
      for (let j = 0; j < count; j++) doubles[target + j]! += doubles[from + j]!
    }
  })
}

/** With more test examples, it is faster to decode the numbers once. The sums are equal bit for bit. */
const mostReads = 2

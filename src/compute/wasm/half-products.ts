import type { HeldBlock } from './held-block.js'
import type { HeldHalf } from './held-half.js'
import { addPartNorms, eachPart } from './held-half.js'
import type { WasmInstance } from './instance.js'
import { addProducts } from './products.js'
import { segmentRows } from './segment-rows.js'

const doubleSize = 8

/**
 * Adds ⟨g_i, g'_j⟩ to `sums`, the address of [test.rowCount, half.rowCount] float64. The first time, the block's squared
 * norms come from the same decoding.
 */
export function addHalfProducts(
  instance: WasmInstance,
  test: HeldBlock,
  half: HeldHalf,
  sums: number,
): void {
  const norms = half.squaredNorms === undefined ? new Float64Array(half.rowCount) : undefined
  for (const segments of half.parameters) {
    const tests = test.segments
      .filter(({ parameter }) => parameter === segments[0]!.parameter)
      .map((segment) => segmentRows(test, segment, 0, test.rowCount))
    if (tests.length === 0 && norms === undefined) continue
    eachPart(instance, half, segments, (part, start) => {
      if (norms !== undefined) addPartNorms(instance, part, start, norms)
      const count = part.rowCount
      const byteLength = test.rowCount * count * doubleSize
      instance.withScratch(byteLength, (partSums) => {
        instance.bytes.fill(0, partSums, partSums + byteLength)
        for (const rows of tests) {
          for (const segment of part.segments) {
            addProducts(instance, rows, segmentRows(part, segment, 0, count), partSums)
          }
        }
        const { doubles } = instance
        for (let i = 0; i < test.rowCount; i++) {
          const from = partSums / doubleSize + i * count
          const to = sums / doubleSize + i * half.rowCount + start
          for (let j = 0; j < count; j++) doubles[to + j]! += doubles[from + j]!
        }
      })
    })
  }
  half.squaredNorms ??= norms
}

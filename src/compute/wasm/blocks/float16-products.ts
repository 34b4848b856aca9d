import type { PlacedBlock } from './block-placement.js'
import { addPartNorms, eachPart, type HostFloat16Block } from './float16-block.js'
import type { WasmInstance } from '../instance.js'
import { addProducts } from './products.js'
import { segmentRows } from './segment-rows.js'
import { bytesPerFloat64 } from '../../../gradients/numbers/byte-sizes.js'

/**
 * Adds ⟨g_i, g'_j⟩ to `sums`, the address of [test.rowCount, half.rowCount] float64. The first time, the block's squared
 * norms come from the same decoding.
 */
export function addFloat16Products(
  instance: WasmInstance,
  test: PlacedBlock,
  half: HostFloat16Block,
  sums: number,
): void {
  const norms = half.squaredNorms === undefined ? new Float64Array(half.exampleCount) : undefined
  for (const segments of half.parameters) {
    const tests = test.segments
      .filter(({ parameter }) => parameter === segments[0]!.parameter)
      .map((segment) => segmentRows(test, segment, 0, test.exampleCount))
    if (tests.length === 0 && norms === undefined) continue
    eachPart(instance, half, segments, (part, start) => {
      if (norms !== undefined) addPartNorms(instance, part, start, norms)
      const count = part.exampleCount
      const byteLength = test.exampleCount * count * bytesPerFloat64
      instance.withScratch(byteLength, (partSums) => {
        instance.bytes.fill(0, partSums, partSums + byteLength)
        for (const rows of tests) {
          for (const segment of part.segments) {
            addProducts(instance, rows, segmentRows(part, segment, 0, count), partSums)
          }
        }
        const { doubles } = instance
        for (let i = 0; i < test.exampleCount; i++) {
          const from = partSums / bytesPerFloat64 + i * count
          const to = sums / bytesPerFloat64 + i * half.exampleCount + start
          for (let j = 0; j < count; j++) doubles[to + j]! += doubles[from + j]!
        }
      })
    })
  }
  half.squaredNorms ??= norms
}

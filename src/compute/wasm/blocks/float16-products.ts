import type { PlacedBlock } from './block-placement.js'
import { addPartNorms, decodeParts, type HostFloat16Block } from './float16-block.js'
import type { WasmInstance } from '../instance.js'
import { addProducts } from './products.js'
import { sliceSegment } from './segment-slice.js'
import { bytesPerFloat64 } from '../../../gradients/numbers/byte-sizes.js'

/**
 * Adds ⟨g_i, g'_j⟩ to `sums`, the address of float64 [test examples, block's examples]. The first call also computes the
 * block's squared norms, from the same decoded numbers.
 */
export function addFloat16Products(
  instance: WasmInstance,
  test: PlacedBlock,
  float16Block: HostFloat16Block,
  sums: number,
): void {
  const norms =
    float16Block.squaredNorms === undefined
      ? new Float64Array(float16Block.exampleCount)
      : undefined
  for (const segments of float16Block.parameters) {
    const tests = test.segments
      .filter(({ parameter }) => parameter === segments[0]!.parameter)
      .map((segment) => sliceSegment(test, segment, 0, test.exampleCount))
    if (tests.length === 0 && norms === undefined) continue
    decodeParts(instance, float16Block, segments, (part, start) => {
      if (norms !== undefined) addPartNorms(instance, part, start, norms)
      const count = part.exampleCount
      const byteLength = test.exampleCount * count * bytesPerFloat64
      instance.withScratch(byteLength, (partSums) => {
        instance.bytes.fill(0, partSums, partSums + byteLength)
        for (const rows of tests) {
          for (const segment of part.segments) {
            addProducts(instance, rows, sliceSegment(part, segment, 0, count), partSums)
          }
        }
        const { doubles } = instance
        for (let i = 0; i < test.exampleCount; i++) {
          const from = partSums / bytesPerFloat64 + i * count
          const to = sums / bytesPerFloat64 + i * float16Block.exampleCount + start
          for (let j = 0; j < count; j++) doubles[to + j]! += doubles[from + j]!
        }
      })
    })
  }
  float16Block.squaredNorms ??= norms
}

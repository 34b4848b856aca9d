import type { PlacedBlock } from './block-placement.js'
import type { WasmInstance } from '../instance.js'
import { isGramCheaper } from '../../product-method.js'
import { addProducts } from './products.js'
import { type SegmentSlice, sliceSegment } from './segment-slice.js'
import { bytesPerFloat64 } from '../../../gradients/numbers/byte-sizes.js'

/** Adds ‖g‖² of each example, from the same products that score it, to float64 at an address. */
export function addSquaredNorms(instance: WasmInstance, placed: PlacedBlock, sums: number): void {
  for (const a of placed.segments) {
    for (const b of placed.segments) {
      if (a.parameter !== b.parameter) continue
      if (a === b && addSquares(instance, sliceSegment(placed, a, 0, placed.exampleCount), sums))
        continue
      for (let row = 0; row < placed.exampleCount; row++) {
        const [left, right] = [sliceSegment(placed, a, row, 1), sliceSegment(placed, b, row, 1)]
        addProducts(instance, left, right, sums + row * bytesPerFloat64)
      }
    }
  }
}

/** Adds the squares of all examples with one kernel; returns false if there is none for the layout. */
function addSquares(instance: WasmInstance, rows: SegmentSlice, sums: number): boolean {
  const { kernels } = instance
  const { count, scales } = rows
  if (rows.kind === 'dense') {
    instance.withScratch(count * bytesPerFloat64, (scratch) => {
      kernels.addDenseSquares(rows.values, scales, count, rows.valuesStep, scratch, sums, false)
    })
    return true
  }
  if (rows.kind !== 'factored' || rows.positions > 1 || !isGramCheaper(rows, rows)) return false
  instance.withScratch(2 * count * bytesPerFloat64, (scratch) => {
    const { a, delta, aStep, deltaStep } = rows
    kernels.addFactoredSquares(
      ...([a, delta, scales, count, aStep, deltaStep, scratch, sums, false] as const),
    )
  })
  return true
}

import type { HeldBlock } from './held-block.js'
import type { WasmInstance } from './instance.js'
import { addProducts, gramIsCheaper } from './products.js'
import type { SegmentRows } from './segment-rows.js'
import { segmentRows } from './segment-rows.js'

const doubleSize = 8

/** Adds ‖g‖² of each row, by the same products that score it, to float64 at an address. */
export function addSquaredNorms(instance: WasmInstance, held: HeldBlock, sums: number): void {
  for (const a of held.segments) {
    for (const b of held.segments) {
      if (a.parameter !== b.parameter) continue
      if (a === b && addSquares(instance, segmentRows(held, a, 0, held.rowCount), sums)) continue
      for (let row = 0; row < held.rowCount; row++) {
        const [left, right] = [segmentRows(held, a, row, 1), segmentRows(held, b, row, 1)]
        addProducts(instance, left, right, sums + row * doubleSize)
      }
    }
  }
}

/** All rows in one call of a kernel, where there is one for their form. */
function addSquares(instance: WasmInstance, rows: SegmentRows, sums: number): boolean {
  const { kernels } = instance
  const { count, scales } = rows
  if (rows.kind === 'dense') {
    instance.withScratch(count * doubleSize, (scratch) => {
      kernels.addDenseSquares(rows.values, scales, count, rows.valuesStep, scratch, sums)
    })
    return true
  }
  if (rows.kind !== 'factored' || rows.positions > 1 || !gramIsCheaper(rows, rows)) return false
  instance.withScratch(2 * count * doubleSize, (scratch) => {
    const { a, delta, aStep, deltaStep } = rows
    kernels.addFactoredSquares(a, delta, scales, count, aStep, deltaStep, scratch, sums)
  })
  return true
}

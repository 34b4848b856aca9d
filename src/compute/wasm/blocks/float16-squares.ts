import { bytesPerFloat64 } from '../../../gradients/numbers/byte-sizes.js'
import { isGramCheaper } from '../../product-method.js'
import type { WasmInstance } from '../instance.js'
import type { PlacedBlock } from './block-placement.js'
import { sliceSegment } from './segment-slice.js'

/** True if `addFloat16Squares` can compute the squared norms of one parameter's segments. */
export function hasFloat16Squares({ segments }: PlacedBlock): boolean {
  const [segment] = segments
  if (segment === undefined || segments.length > 1) return false
  if (segment.kind === 'dense') return true
  return segment.kind === 'factored' && segment.positions === 1 && isGramCheaper(segment, segment)
}

/** Adds ‖g‖² of each example to float64 at an address, from float16 numbers that are not decoded first. */
export function addFloat16Squares(instance: WasmInstance, part: PlacedBlock, sums: number): void {
  const { kernels } = instance
  const { exampleCount: count } = part
  instance.withScratch(2 * count * bytesPerFloat64, (scratch) => {
    for (const segment of part.segments) {
      const rows = sliceSegment(part, segment, 0, count)
      if (rows.kind === 'dense') {
        kernels.addDenseSquares(
          ...([rows.values, rows.scales, count, rows.valuesStep, scratch, sums, true] as const),
        )
      } else if (rows.kind === 'factored') {
        kernels.addFactoredSquares(
          ...([rows.a, rows.delta, rows.scales, count, rows.aStep, rows.deltaStep] as const),
          ...([scratch, sums, true] as const),
        )
      }
    }
  })
}

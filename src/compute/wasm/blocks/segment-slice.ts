import { bytesPerFloat64, bytesPerInt32 } from '../../../gradients/numbers/byte-sizes.js'
import type {
  PlacedBlock,
  PlacedDense,
  PlacedFactored,
  PlacedLookup,
  PlacedSegment,
} from './block-placement.js'

/** `count` successive examples of a placed segment; addresses are absolute. */
export type SegmentSlice = DenseSlice | FactoredSlice | LookupSlice
export type DenseSlice = PlacedDense & { readonly count: number }
export type FactoredSlice = PlacedFactored & { readonly count: number }
export type LookupSlice = PlacedLookup & { readonly count: number }

/** Slices `count` examples from `start` on. */
export function sliceSegment(
  { address }: PlacedBlock,
  segment: PlacedSegment,
  start: number,
  count: number,
): SegmentSlice {
  const scales = address + segment.scales + start * bytesPerFloat64
  switch (segment.kind) {
    case 'dense': {
      const values = address + segment.values + start * segment.valuesStep
      return { ...segment, count, scales, values }
    }
    case 'factored': {
      const first = start * segment.positions
      const a = address + segment.a + first * segment.aStep
      const delta = address + segment.delta + first * segment.deltaStep
      return { ...segment, count, scales, a, delta }
    }
    case 'lookup': {
      const first = start * segment.positions
      const indices = address + segment.indices + first * bytesPerInt32
      const delta = address + segment.delta + first * segment.deltaStep
      return { ...segment, count, scales, indices, delta }
    }
  }
}

const wholeSlices = new WeakMap<PlacedBlock, readonly SegmentSlice[]>()

/** Lists the segments of a block with all its examples. */
export function listSlices(block: PlacedBlock): readonly SegmentSlice[] {
  const known = wholeSlices.get(block)
  if (known !== undefined) return known
  const slices = block.segments.map((segment) =>
    sliceSegment(block, segment, 0, block.exampleCount),
  )
  wholeSlices.set(block, slices)
  return slices
}

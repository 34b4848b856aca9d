import { bytesPerFloat64, bytesPerInt32 } from '../../../gradients/numbers/byte-sizes.js'
import type {
  PlacedBlock,
  PlacedDense,
  PlacedFactored,
  PlacedLookup,
  PlacedSegment,
} from './block-placement.js'

/** Successive rows of a held segment, `count` of them; addresses are the memory's own. */
export type SegmentRows = DenseRows | FactoredRows | LookedUpPositions
export type DenseRows = PlacedDense & { readonly count: number }
export type FactoredRows = PlacedFactored & { readonly count: number }
export type LookedUpPositions = PlacedLookup & { readonly count: number }

/** `count` rows from `start` on. */
export function segmentRows(
  { address }: PlacedBlock,
  segment: PlacedSegment,
  start: number,
  count: number,
): SegmentRows {
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

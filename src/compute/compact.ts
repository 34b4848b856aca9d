import type {
  DenseSegment,
  FactoredSegment,
  GradientBlock,
  GradientSegment,
  RowsSegment,
} from '../gradients/block.js'
import { compactForm, denseSize } from './compact-form.js'
import { rowReader } from './formed-row.js'
import { contractPatches, extractPatches } from './patches.js'

export type CompactSegment<Floats = Float32Array> =
  DenseSegment<Floats> | FactoredSegment<Floats> | RowsSegment<Floats>

export interface CompactBlock<Floats = Float32Array> {
  readonly rowCount: number
  readonly segments: readonly CompactSegment<Floats>[]
  /** As that of a GradientBlock. */
  readonly giveBack?: ((buffer: ArrayBuffer) => void) | undefined
}

/** The reference: each segment in the smaller of its exact forms, sums in float64. */
export function compactBlock({ rowCount, segments }: GradientBlock): CompactBlock {
  return { rowCount, segments: segments.map((segment) => compactSegment(segment, rowCount)) }
}

function compactSegment(segment: GradientSegment, rowCount: number): CompactSegment {
  if (segment.kind === 'dense') return segment
  const form = compactForm(segment)
  const { parameter } = segment
  if (segment.kind !== 'convolution') {
    return form.kind === segment.kind ? segment : denseOf(segment, rowCount)
  }
  const { a, delta, geometry } = segment
  if (form.kind === 'factored') {
    return { ...form, parameter, a: extractPatches(a, geometry, rowCount), delta }
  }
  const values = contractPatches(a, delta, geometry, rowCount)
  return { kind: 'dense', parameter, size: denseSize(form), values }
}

function denseOf(segment: FactoredSegment | RowsSegment, rowCount: number): DenseSegment {
  const size = denseSize(segment)
  const values = new Float32Array(rowCount * size)
  const read = rowReader(segment)
  for (let row = 0; row < rowCount; row++) values.set(read(row).data, row * size)
  return { kind: 'dense', parameter: segment.parameter, size, values }
}

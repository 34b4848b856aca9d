import type {
  CompactBlock,
  CompactSegment,
  DenseSegment,
  FactoredSegment,
  GradientBlock,
  GradientSegment,
  LookupSegment,
} from './block.js'
import { chooseLayout, getDenseSize } from './compact-layout.js'
import { createGradientReader } from './dense-gradient.js'
import { contractPatches, extractPatches } from './patches.js'

/** Converts each segment to the smaller of its exact layouts, with sums in float64. This is the reference. */
export function compactBlock({ exampleCount, segments }: GradientBlock): CompactBlock {
  return {
    exampleCount,
    segments: segments.map((segment) => compactSegment(segment, exampleCount)),
  }
}

function compactSegment(segment: GradientSegment, exampleCount: number): CompactSegment {
  if (segment.kind === 'dense') return segment
  const layout = chooseLayout(segment)
  const { parameter } = segment
  if (segment.kind !== 'convolution') {
    return layout.kind === segment.kind ? segment : materializeSegment(segment, exampleCount)
  }
  const { a, delta, geometry } = segment
  if (layout.kind === 'factored') {
    return { ...layout, parameter, a: extractPatches(a, geometry, exampleCount), delta }
  }
  const values = contractPatches(a, delta, geometry, exampleCount)
  return { kind: 'dense', parameter, size: getDenseSize(layout), values }
}

function materializeSegment(
  segment: FactoredSegment | LookupSegment,
  exampleCount: number,
): DenseSegment {
  const size = getDenseSize(segment)
  const values = new Float32Array(exampleCount * size)
  const read = createGradientReader(segment)
  for (let row = 0; row < exampleCount; row++) values.set(read(row).data, row * size)
  return { kind: 'dense', parameter: segment.parameter, size, values }
}

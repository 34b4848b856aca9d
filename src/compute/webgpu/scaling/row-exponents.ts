import type { Commands } from '../gpu/commands.js'
import { createKernel, type Kernel } from '../gpu/kernel.js'
import numbers from '../gpu/numbers.wgsl?raw'
import source from './row-exponents.wgsl?raw'

export const rowExponents: Kernel = createKernel('row-exponents', [numbers, source])

const rowsPerWorkgroup = 64

/** The slots of a segment's maxima: of what was contracted into it, and of the arrays that are held. */
export interface SegmentSlots {
  readonly contracted: readonly [number | undefined, number | undefined]
  readonly uploaded: readonly [number | undefined, number | undefined]
}

/** Each row's exponent over all its segments, and the powers of two by which its arrays are scaled to it. */
export function findRowExponents(
  commands: Commands,
  exampleCount: number,
  segments: readonly SegmentSlots[],
  { maxima, shifts, exponents }: Readonly<Record<'maxima' | 'shifts' | 'exponents', GPUBuffer>>,
): void {
  const slots = segments.flatMap(({ contracted, uploaded }) =>
    [...contracted, ...uploaded].map((slot) => slot ?? -1),
  )
  commands.dispatch({
    kernel: rowExponents,
    // A kernel wants one element at least, also of what it does not read.
    bindings: [
      commands.upload(Int32Array.from(slots.length > 0 ? slots : [-1, -1, -1, -1])),
      maxima,
      shifts,
      exponents,
    ],
    parameters: { exampleCount, segmentCount: segments.length },
    workgroupCount: Math.ceil(exampleCount / rowsPerWorkgroup),
  })
}

import type { Commands } from '../gpu/commands.js'
import { createKernel, type Kernel } from '../gpu/kernel.js'
import numbers from '../gpu/numbers.wgsl?raw'
import source from './row-exponents.wgsl?raw'

export const rowExponents: Kernel = createKernel('row-exponents', [numbers, source])

const rowsPerWorkgroup = 64

/** The slots of a segment's maxima: those of the arrays contracted into it, and those of its uploaded arrays. */
export interface SegmentSlots {
  readonly contracted: readonly [number | undefined, number | undefined]
  readonly uploaded: readonly [number | undefined, number | undefined]
}

/** Finds each row's exponent over all its segments, and the powers of two that scale its arrays. */
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
    // A binding must not be empty, even if the kernel does not read it.
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

import type { Commands } from '../gpu/commands.js'
import { createKernel, type Kernel } from '../gpu/kernel.js'
import numbers from '../gpu/numbers.wgsl?raw'
import source from './row-norms.wgsl?raw'
import sumOfSlots from '../gpu/sum-of-slots.wgsl?raw'

export const rowNorms: Kernel = createKernel('row-norms', [numbers, sumOfSlots, source])

const rowsPerWorkgroup = 64

/** Computes (m, E) of each row from the partial sums of its inner product with itself. */
export function findRowNorms(
  commands: Commands,
  exampleCount: number,
  slotCount: number,
  { partials, exponents, norms }: Readonly<Record<'partials' | 'exponents' | 'norms', GPUBuffer>>,
): void {
  commands.dispatch({
    kernel: rowNorms,
    bindings: [partials, exponents, norms],
    parameters: { exampleCount, slotCount },
    workgroupCount: Math.ceil(exampleCount / rowsPerWorkgroup),
  })
}

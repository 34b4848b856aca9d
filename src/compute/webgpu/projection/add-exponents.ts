import type { Commands } from '../gpu/commands.js'
import { createKernel, type Kernel } from '../gpu/kernel.js'
import numbers from '../gpu/numbers.wgsl?raw'
import source from './add-exponents.wgsl?raw'

export const exponentSum: Kernel = createKernel('add-exponents', [numbers, source])

const rowsPerWorkgroup = 64

/** Adds the exponents by which examples were scaled before to their norms. */
export function addExponents(
  commands: Commands,
  exampleCount: number,
  base: GPUBuffer,
  norms: GPUBuffer,
): void {
  commands.dispatch({
    kernel: exponentSum,
    bindings: [base, norms],
    parameters: { exampleCount },
    workgroupCount: Math.ceil(exampleCount / rowsPerWorkgroup),
  })
}

import type { Commands } from '../gpu/commands.js'
import { createKernel, type Kernel } from '../gpu/kernel.js'
import numbers from '../gpu/numbers.wgsl?raw'
import source from './row-maximum.wgsl?raw'
import type { BufferSlice } from '../upload/buffer-slice.js'

export const rowMaximum: Kernel = createKernel('row-maximum', [numbers, source])

const stretch = 4096

/** Writes the largest magnitude in each row of numbers to maxima[slot, row], as bits. */
export function findRowMaxima(
  commands: Commands,
  { binding, first, exampleCount, rowSize }: BufferSlice,
  maxima: GPUBuffer,
  slot: number,
): void {
  commands.dispatch({
    kernel: rowMaximum,
    bindings: [binding, maxima],
    parameters: { exampleCount, rowSize, first, slot },
    workgroupCount: exampleCount * Math.ceil(rowSize / stretch),
  })
}

import type { Commands } from '../gpu/commands.js'
import { createKernel, type Kernel } from '../gpu/kernel.js'
import numbers from '../gpu/numbers.wgsl?raw'
import type { BufferSlice } from '../upload/buffer-slice.js'
import source from './scale-rows.wgsl?raw'

export const scaledCopy: Kernel = createKernel('scale-rows', [numbers, source], 'copy')
export const scalingInPlace: Kernel = createKernel('scale-rows', [numbers, source], 'inPlace')

const stretch = 1024

/** Copies rows of numbers into another buffer, each scaled by its power of two of that slot. */
export function copyScaledRows(
  commands: Commands,
  { binding, first, exampleCount, rowSize }: BufferSlice,
  shifts: GPUBuffer,
  slot: number,
  to: GPUBuffer,
): void {
  commands.dispatch({
    kernel: scaledCopy,
    bindings: [shifts, to, binding],
    parameters: { exampleCount, rowSize, first, slot },
    workgroupCount: Math.ceil((exampleCount * rowSize) / stretch),
  })
}

/** Scales rows in place, from the start of the buffer. */
export function scaleRows(
  commands: Commands,
  { exampleCount, rowSize }: { readonly exampleCount: number; readonly rowSize: number },
  shifts: GPUBuffer,
  slot: number,
  values: GPUBuffer,
): void {
  commands.dispatch({
    kernel: scalingInPlace,
    bindings: [shifts, values],
    parameters: { exampleCount, rowSize, first: 0, slot },
    workgroupCount: Math.ceil((exampleCount * rowSize) / stretch),
  })
}

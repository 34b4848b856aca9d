import type { ConvolutionGeometry } from '../../../gradients/block.js'
import type { Commands } from '../gpu/commands.js'
import source from './extract-patches.wgsl?raw'
import { createKernel, type Kernel } from '../gpu/kernel.js'
import numbers from '../gpu/numbers.wgsl?raw'
import type { BufferSlice } from './buffer-slice.js'

export const patchExtraction: Kernel = createKernel('extract-patches', [numbers, source])

const stretch = 1024

/** Writes the patches of each row, scaled: [rows, OH · OW, kh · kw · C]. */
export function extractPatches(
  commands: Commands,
  geometry: ConvolutionGeometry,
  image: BufferSlice,
  shifts: GPUBuffer,
  slot: number,
  patches: GPUBuffer,
): void {
  const { exampleCount, first, binding } = image
  const { filterHeight, filterWidth, inChannels, outHeight, outWidth } = geometry
  const patchesSize = filterHeight * filterWidth * inChannels * outHeight * outWidth
  commands.dispatch({
    kernel: patchExtraction,
    bindings: [binding, shifts, patches],
    parameters: { ...geometry, exampleCount, first, slot },
    workgroupCount: Math.ceil((exampleCount * patchesSize) / stretch),
  })
}

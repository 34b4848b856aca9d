import type { ConvolutionGeometry } from '../../../gradients/block.js'
import type { Commands } from '../gpu/commands.js'
import source from './extract-patches.wgsl?raw'
import { type Kernel, kernel } from '../gpu/kernel.js'
import numbers from '../gpu/numbers.wgsl?raw'
import type { RowsOfBuffer } from './buffer-rows.js'

export const patchExtraction: Kernel = kernel('extract-patches', [numbers, source])

const stretch = 1024

/** The patches of each row written out and scaled: [rows, OH · OW, kh · kw · C]. */
export function extractPatches(
  commands: Commands,
  geometry: ConvolutionGeometry,
  image: RowsOfBuffer,
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

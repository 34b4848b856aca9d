import type { Float16Values } from '../../../gradients/float16-block.js'
import type { Commands } from '../gpu/commands.js'
import source from './decode-float16.wgsl?raw'
import { createKernel, type Kernel } from '../gpu/kernel.js'
import numbers from '../gpu/numbers.wgsl?raw'

export const float16Decoding: Kernel = createKernel('decode-float16', [numbers, source])

const stretch = 1024

/** Uploads rows of float16 and decodes them into a temporary buffer of float32. */
export function decodeFloat16Rows(
  commands: Commands,
  { bits, exponents }: Float16Values,
  rowSize: number,
): GPUBuffer {
  const to = commands.createTemporary(bits.length * 4)
  commands.dispatch({
    kernel: float16Decoding,
    bindings: [commands.upload(bits), commands.upload(Int32Array.from(exponents)), to],
    parameters: { exampleCount: exponents.length, rowSize },
    workgroupCount: Math.ceil(bits.length / stretch),
  })
  return to
}

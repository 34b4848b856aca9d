import type { HalfFloats } from '../half-block.js'
import type { Commands } from './commands.js'
import source from './decode-half.wgsl?raw'
import type { Kernel } from './kernel.js'
import { kernel } from './kernel.js'
import numbers from './numbers.wgsl?raw'

export const halfDecoding: Kernel = kernel('decode-half', [numbers, source])

const stretch = 1024

/** Rows of float16, uploaded as they are, in a temporary buffer of float32. */
export function decodeHalf(
  commands: Commands,
  { bits, exponents }: HalfFloats,
  rowSize: number,
): GPUBuffer {
  const to = commands.temporary(bits.length * 4)
  commands.dispatch({
    kernel: halfDecoding,
    bindings: [commands.upload(bits), commands.upload(Int32Array.from(exponents)), to],
    parameters: { rowCount: exponents.length, rowSize },
    workgroupCount: Math.ceil(bits.length / stretch),
  })
  return to
}

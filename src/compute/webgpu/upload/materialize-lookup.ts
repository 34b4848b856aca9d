import type { Commands } from '../gpu/commands.js'
import source from './materialize-lookup.wgsl?raw'
import { createKernel, type Kernel } from '../gpu/kernel.js'
import numbers from '../gpu/numbers.wgsl?raw'
import type { BufferSlice } from './buffer-slice.js'

export const lookupMaterialization: Kernel = createKernel('materialize-lookup', [numbers, source])

const stretch = 1024

export interface LookupMaterialization {
  readonly positions: number
  readonly rowSize: number
  readonly parameterRows: number
  readonly indices: BufferSlice
  readonly delta: BufferSlice
  readonly deltaSlot: number
  /** The result, [rows, parameterRows · rowSize], each row as if its largest δ were 1. */
  readonly values: GPUBuffer
  readonly valuesSlot: number
  readonly maxima: GPUBuffer
}

/** Materializes the gradient of a small table, and finds its maxima. */
export function materializeLookup(commands: Commands, of: LookupMaterialization): void {
  const { positions, rowSize, parameterRows, indices, delta, deltaSlot, valuesSlot } = of
  commands.dispatch({
    kernel: lookupMaterialization,
    bindings: [indices.binding, delta.binding, of.values, of.maxima],
    parameters: {
      exampleCount: delta.exampleCount,
      firstIndex: indices.first,
      firstDelta: delta.first,
      deltaSlot,
      valuesSlot,
      positions,
      rowSize,
      parameterRows,
    },
    workgroupCount: delta.exampleCount * Math.ceil((parameterRows * rowSize) / stretch),
  })
}

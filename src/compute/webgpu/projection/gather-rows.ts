import type { Commands } from '../gpu/commands.js'
import { createKernel, type Kernel } from '../gpu/kernel.js'
import numbers from '../gpu/numbers.wgsl?raw'
import type { PlacedMatrix } from './placed-matrix.js'
import source from './gather-rows.wgsl?raw'

export const rowGathering: Kernel = createKernel('gather-rows', [numbers, source])

const stretch = 1024

/** Copies the row of a matrix that each index names: [indexCount, columns]. */
export function gatherRows(
  commands: Commands,
  indices: GPUBuffer,
  indexCount: number,
  { columns, parts }: PlacedMatrix,
  to: GPUBuffer,
): void {
  for (const { buffer, firstRow, rowCount } of parts) {
    commands.dispatch({
      kernel: rowGathering,
      bindings: [indices, buffer, to],
      parameters: { indexCount, columnCount: columns, firstRow, rowCount },
      workgroupCount: Math.ceil((indexCount * columns) / stretch),
    })
  }
}

import type { Commands } from '../gpu/commands.js'
import source from './copy-pairs.wgsl?raw'
import { createKernel, type Kernel } from '../gpu/kernel.js'
import numbers from '../gpu/numbers.wgsl?raw'

export const pairsCopy: Kernel = createKernel('copy-pairs', [numbers, source])

const pairsPerWorkgroup = 64

/** Rows in two tables of pairs, one below the other: the most similar first, and the least similar first. */
export interface BothSides {
  readonly pairs: GPUBuffer
  /** The number of rows of each table. */
  readonly exampleCount: number
  readonly columns: number
  readonly row: number
}

/** Copies the first `width` pairs of `exampleCount` rows, on both sides. */
export function copyPairs(
  commands: Commands,
  from: BothSides,
  to: BothSides,
  exampleCount: number,
  width: number,
): void {
  commands.dispatch({
    kernel: pairsCopy,
    bindings: [from.pairs, to.pairs],
    parameters: {
      width,
      exampleCount,
      fromRow: from.row,
      fromRows: from.exampleCount,
      fromColumns: from.columns,
      toRow: to.row,
      toRows: to.exampleCount,
      toColumns: to.columns,
    },
    workgroupCount: Math.ceil((2 * exampleCount * width) / pairsPerWorkgroup),
  })
}

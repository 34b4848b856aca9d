import type { Commands } from '../gpu/commands.js'
import { createKernel, type Kernel } from '../gpu/kernel.js'
import numbers from '../gpu/numbers.wgsl?raw'
import order from './order.wgsl?raw'
import blocksSource from './sort-blocks.wgsl?raw'
import stepSource from './sort-step.wgsl?raw'

export const sortBlocks: Kernel = createKernel('sort-blocks', [numbers, order, blocksSource])
export const sortStep: Kernel = createKernel('sort-step', [numbers, order, stepSource])

const blockSize = 1024
const comparatorsPerWorkgroup = 256

export interface RowsOfPairs {
  /** [exampleCount, columns] */
  readonly pairs: GPUBuffer
  readonly exampleCount: number
  readonly columns: number
  /** From this row on the least similar come first. */
  readonly leastFrom: number
}

/**
 * Sorts each row with a bitonic network whose comparators all put the first pair at the lower place. A row of any
 * length is treated as one of a power of two whose end is empty.
 */
export function sortPairs(commands: Commands, rows: RowsOfPairs): void {
  const { columns } = rows
  sortWithinBlocks(commands, rows, 0)
  for (let half = blockSize; half < columns; half *= 2) {
    runStep(commands, rows, half, 1)
    for (let stride = half / 2; stride >= blockSize; stride /= 2) runStep(commands, rows, stride, 0)
    sortWithinBlocks(commands, rows, 1)
  }
}

function sortWithinBlocks(commands: Commands, rows: RowsOfPairs, isMerge: number): void {
  const { pairs, exampleCount, columns, leastFrom } = rows
  commands.dispatch({
    kernel: sortBlocks,
    bindings: [pairs],
    parameters: { columns, leastFrom, isMerge },
    workgroupCount: exampleCount * Math.ceil(columns / blockSize),
  })
}

function runStep(commands: Commands, rows: RowsOfPairs, stride: number, isFlip: number): void {
  const { pairs, exampleCount, columns, leastFrom } = rows
  const comparators = Math.ceil(columns / (2 * stride)) * stride
  commands.dispatch({
    kernel: sortStep,
    bindings: [pairs],
    parameters: { exampleCount, columns, leastFrom, comparators, stride, isFlip },
    workgroupCount: Math.ceil((exampleCount * comparators) / comparatorsPerWorkgroup),
  })
}

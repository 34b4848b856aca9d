import type { Commands } from '../gpu/commands.js'
import { createKernel, type Kernel } from '../gpu/kernel.js'
import numbers from '../gpu/numbers.wgsl?raw'
import { chooseTile } from '../upload/contract-patches.js'
import type { MatrixPart, PlacedMatrix } from './placed-matrix.js'
import source from './multiply-batches.wgsl?raw'

export const batchedProduct: Kernel = createKernel('multiply-batches', [numbers, source])

/** Numbers in a buffer, as matrices one after another. */
export interface Matrices {
  readonly buffer: GPUBuffer
  readonly count: number
  readonly rows: number
  readonly columns: number
}

/** Computes A P of each matrix: [count, rows, P's columns]. `norms` are those of the examples. */
export function multiplyRight(
  commands: Commands,
  { buffer, count, rows, columns }: Matrices,
  matrix: PlacedMatrix,
  norms: GPUBuffer,
  to: GPUBuffer,
): void {
  for (const part of matrix.parts) {
    const sizes = { rowCount: count * rows, columnCount: matrix.columns }
    dispatchProduct(commands, [buffer, part.buffer, norms, to], part, 1, {
      ...sizes,
      leftBatchStep: 0,
      leftRowStep: columns,
      leftColumnStep: 1,
      firstLeft: part.firstRow,
      rightBatchStep: 0,
      firstRight: 0,
      rowsPerExample: rows,
    })
  }
}

/** Computes Pᵀ A of each matrix: [count, P's columns, columns]. */
export function multiplyLeft(
  commands: Commands,
  { buffer, count, rows, columns }: Matrices,
  matrix: PlacedMatrix,
  norms: GPUBuffer,
  to: GPUBuffer,
): void {
  for (const part of matrix.parts) {
    const sizes = { rowCount: matrix.columns, columnCount: columns }
    dispatchProduct(commands, [part.buffer, buffer, norms, to], part, count, {
      ...sizes,
      leftBatchStep: 0,
      leftRowStep: 1,
      leftColumnStep: matrix.columns,
      firstLeft: 0,
      rightBatchStep: rows * columns,
      firstRight: part.firstRow * columns,
      rowsPerExample: matrix.columns,
    })
  }
}

function dispatchProduct(
  commands: Commands,
  bindings: readonly GPUBuffer[],
  { firstRow, rowCount }: MatrixPart,
  batchCount: number,
  parameters: Readonly<Record<'rowCount' | 'columnCount', number>> &
    Readonly<Record<string, number>>,
): void {
  const constants = chooseTile(parameters.rowCount, parameters.columnCount)
  commands.dispatch({
    kernel: batchedProduct,
    constants,
    bindings,
    parameters: { ...parameters, innerCount: rowCount, adds: firstRow === 0 ? 0 : 1 },
    workgroupCount:
      batchCount *
      Math.ceil(parameters.rowCount / (4 * constants.kThreads)) *
      Math.ceil(parameters.columnCount / (4 * constants.pThreads)),
  })
}

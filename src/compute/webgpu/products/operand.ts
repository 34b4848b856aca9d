import type { CompactLayout } from '../../../gradients/compact-layout.js'
import kinds from './kinds.wgsl?raw'
import numbers from '../gpu/numbers.wgsl?raw'
import operand from './operand.wgsl?raw'

/** The modules of kernels that read segments of any layout. */
export const operandModules: readonly string[] = [
  numbers,
  kinds,
  operand,
  operand.replaceAll('left', 'right'),
]

/** The numbers of kinds.wgsl. */
const kindNumbers: Readonly<Record<CompactLayout['kind'], number>> = {
  dense: 0,
  factored: 1,
  lookup: 2,
}

export interface OperandShape {
  /** 0 for a dense segment, which has no positions. */
  readonly positions: number
  readonly inputSize: number
  readonly outputSize: number
}

/** The gradient as a matrix [inputSize, outputSize] and the positions of its factors. */
export function getOperandShape(layout: CompactLayout): OperandShape {
  switch (layout.kind) {
    case 'dense':
      return { positions: 0, inputSize: layout.size, outputSize: 1 }
    case 'factored':
      return layout
    case 'lookup':
      return {
        positions: layout.positions,
        inputSize: layout.parameterRows,
        outputSize: layout.rowSize,
      }
  }
}

/** The parameters that operand.wgsl reads, for both sides. */
export function createOperandParameters(
  left: CompactLayout,
  right: CompactLayout,
): Record<string, number> {
  const [l, r] = [getOperandShape(left), getOperandShape(right)]
  return {
    leftKind: kindNumbers[left.kind],
    leftPositions: l.positions,
    leftInputSize: l.inputSize,
    leftOutputSize: l.outputSize,
    rightKind: kindNumbers[right.kind],
    rightPositions: r.positions,
    rightInputSize: r.inputSize,
    rightOutputSize: r.outputSize,
  }
}

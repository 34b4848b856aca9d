import type { CompactBlock, CompactSegment } from '../../../gradients/block.js'
import { InvalidArgumentError } from '../../../errors.js'
import { type NdArray, sizeOf } from '../../../ndarray.js'
import { describe } from '../../../options.js'
import type { ProjectionPlan } from '../../../gradients/projection/projection-plan.js'
import { type ColumnSpec, getElementType, type StoredSegment } from './store-arrays.js'

/** Rows to be stored: the gradients of B examples, with labels and ids. */
export interface GradientRows {
  readonly block: CompactBlock
  /** How the block was projected; exact if left out. */
  readonly projection?: ProjectionPlan | undefined
  /** ‖g‖² of each row, from the gradients as they were computed. */
  readonly squaredNorms: Float64Array
  /** [B, …] */
  readonly labels: NdArray
  /** [B, …]: how much the loss of each position counts; left out if all count the same. */
  readonly labelFactors?: NdArray | undefined
  /** [B]; the index of the row among all rows if left out. */
  readonly ids?: NdArray | undefined
  /** The examples: an array [B, …] per model input. */
  readonly examples?: readonly NdArray[] | undefined
}

/** The numbers of one array for B rows, row-major. */
export type ColumnData = NdArray['data']

export const getSegmentSpec = (segment: CompactSegment): StoredSegment => {
  const { parameter } = segment
  switch (segment.kind) {
    case 'dense':
      return { parameter, kind: 'dense', size: segment.size }
    case 'factored': {
      const { positions, inputSize, outputSize } = segment
      return { parameter, kind: 'factored', positions, inputSize, outputSize }
    }
    case 'lookup': {
      const { positions, rowSize, parameterRows } = segment
      return { parameter, kind: 'lookup', positions, rowSize, parameterRows }
    }
  }
}

export function getColumnSpec({ data, shape }: NdArray): ColumnSpec {
  return { type: getElementType(data), rowShape: shape.slice(1) }
}

/** The arrays of a segment, in the order of `listSegmentArrays`. */
function listComponents(segment: CompactSegment): readonly ColumnData[] {
  switch (segment.kind) {
    case 'dense':
      return [segment.values]
    case 'factored':
      return [segment.a, segment.delta]
    case 'lookup':
      return [segment.indices, segment.delta]
  }
}

/**
 * The arrays of a block in the order of the store's segments; undefined for a parameter that is missing in the block,
 * whose gradient is zero.
 *
 * @throws InvalidArgumentError if the block has a segment that isn't in the store
 */
export function listBlockColumns(
  { segments }: CompactBlock,
  table: readonly StoredSegment[],
): (ColumnData | undefined)[] {
  let next = 0
  const columns = table.flatMap((expected): readonly (ColumnData | undefined)[] => {
    const segment = segments[next]
    if (segment === undefined || !sameSegment(getSegmentSpec(segment), expected)) {
      return Array.from({ length: expected.kind === 'dense' ? 1 : 2 }, () => undefined)
    }
    next++
    return listComponents(segment)
  })
  const stray = segments[next]
  if (stray === undefined) return columns
  throw new InvalidArgumentError(
    'block',
    `a segment ${describeSegment(getSegmentSpec(stray))}`,
    `segments of the store's table, in its order: ${table.map(describeSegment).join('; ')}`,
  )
}

const sameSegment = (a: StoredSegment, b: StoredSegment): boolean =>
  describeSegment(a) === describeSegment(b)

export const describeSegment = ({ parameter, kind, ...sizes }: StoredSegment): string =>
  `'${parameter}' (${[kind, ...Object.entries(sizes).map(([name, size]) => `${name} ${size}`)].join(', ')})`

/** @throws InvalidArgumentError if the count of the numbers is not that of the rows */
export function checkLength(
  argument: string,
  data: ArrayLike<unknown>,
  rowCount: number,
  rowShape: readonly number[],
): void {
  const expected = rowCount * sizeOf(rowShape)
  if (data.length === expected) return
  throw new InvalidArgumentError(
    argument,
    describe(data),
    `${expected} numbers: ${rowCount} rows of [${rowShape.join(', ')}]`,
  )
}

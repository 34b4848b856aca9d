import type { GradientSegment } from '../../../gradients/block.js'
import { chooseLayout, type CompactLayout } from '../../../gradients/compact-layout.js'
import {
  bytesPerFloat16,
  bytesPerFloat32,
  bytesPerFloat64,
  bytesPerInt32,
} from '../../../gradients/numbers/byte-sizes.js'

/**
 * A segment in the memory of an instance. Addresses are relative to the block's. Each row of numbers starts at a multiple
 * of 16 bytes and is padded with zeros, so that the kernels need no code for remainders.
 */
export type PlacedSegment = PlacedDense | PlacedFactored | PlacedLookup

interface PlacedNumbers {
  readonly parameter: string
  /** Float64 [exampleCount]: the power of two that multiplies the numbers of each example. */
  readonly scales: number
}

export interface PlacedDense extends PlacedNumbers {
  readonly kind: 'dense'
  readonly size: number
  readonly values: number
  readonly valuesStep: number
}

export interface PlacedFactored extends PlacedNumbers {
  readonly kind: 'factored'
  readonly positions: number
  readonly inputSize: number
  readonly outputSize: number
  readonly a: number
  readonly aStep: number
  readonly delta: number
  readonly deltaStep: number
}

export interface PlacedLookup extends PlacedNumbers {
  readonly kind: 'lookup'
  readonly positions: number
  readonly rowSize: number
  readonly parameterRows: number
  readonly indices: number
  readonly delta: number
  readonly deltaStep: number
}

/** The places of the numbers of a block, relative to its address. */
export interface BlockPlacement {
  readonly exampleCount: number
  readonly segments: readonly PlacedSegment[]
  /** Float64 [exampleCount] */
  readonly squaredNorms: number
  readonly byteLength: number
}

/** A block in an instance's memory. */
export interface PlacedBlock extends BlockPlacement {
  readonly address: number
}

const roundUp = (byteLength: number): number => (byteLength + 15) & ~15

/** The bytes from one row of `count` float32 to the next. */
export const getRowStep = (count: number): number => roundUp(count * bytesPerFloat32)

/** How rows of numbers are placed. */
interface RowFormat {
  /** The bytes from one row of `count` numbers to the next. */
  readonly getStep: (count: number) => number
  /** Bytes after the last row. */
  readonly slack: number
}

const float32Rows: RowFormat = { getStep: getRowStep, slack: 0 }

/** Contiguous rows; the kernels read past the last one. */
export const float16Rows: RowFormat = { getStep: (count) => count * bytesPerFloat16, slack: 16 }

/** Places the segments, each in the smaller of its layouts. */
export const placeBlock = (
  exampleCount: number,
  segments: readonly GradientSegment[],
): BlockPlacement =>
  placeSegments(
    exampleCount,
    segments.map((segment) => ({ ...chooseLayout(segment), parameter: segment.parameter })),
  )

/** Places segments in their layouts. */
export function placeSegments(
  exampleCount: number,
  segments: readonly (CompactLayout & { readonly parameter: string })[],
  format: RowFormat = float32Rows,
): BlockPlacement {
  let end = 0
  const place = (byteLength: number): number => {
    const start = end
    end += Math.ceil(byteLength / 16) * 16
    return start
  }
  const squaredNorms = place(exampleCount * bytesPerFloat64)
  const placedSegments = segments.map((segment): PlacedSegment => {
    const scales = place(exampleCount * bytesPerFloat64)
    const placeRows = (count: number, step: number): number =>
      place(exampleCount * count * step + format.slack)
    const numbers = placeNumbers(segment, format, placeRows)
    return { ...numbers, parameter: segment.parameter, scales }
  })
  return { exampleCount, segments: placedSegments, squaredNorms, byteLength: end }
}

type Placed<Segment> = Segment extends unknown ? Omit<Segment, keyof PlacedNumbers> : never

function placeNumbers(
  layout: CompactLayout,
  { getStep }: RowFormat,
  place: (rowsPerExample: number, step: number) => number,
): Placed<PlacedSegment> {
  switch (layout.kind) {
    case 'dense': {
      const valuesStep = getStep(layout.size)
      return { ...layout, values: place(1, valuesStep), valuesStep }
    }
    case 'factored': {
      const { positions, inputSize, outputSize } = layout
      const [aStep, deltaStep] = [getStep(inputSize), getStep(outputSize)]
      const a = place(positions, aStep)
      return { ...layout, a, aStep, delta: place(positions, deltaStep), deltaStep }
    }
    case 'lookup': {
      const deltaStep = getStep(layout.rowSize)
      const indices = place(layout.positions, bytesPerInt32)
      return { ...layout, indices, delta: place(layout.positions, deltaStep), deltaStep }
    }
  }
}

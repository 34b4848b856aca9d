import type { GradientSegment } from '../../../gradients/block.js'
import { chooseLayout, type CompactLayout } from '../../../gradients/compact-layout.js'
import { bytesPerFloat32, bytesPerFloat64 } from '../../../gradients/numbers/byte-sizes.js'

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

/** The bytes from one row of `count` numbers to the next. */
export const getRowStep = (count: number, bytesPerNumber: number = bytesPerFloat32): number =>
  roundUp(count * bytesPerNumber)

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
  bytesPerNumber: number = bytesPerFloat32,
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
    const numbers = placeNumbers(segment, exampleCount, place, bytesPerNumber)
    return { ...numbers, parameter: segment.parameter, scales }
  })
  return { exampleCount, segments: placedSegments, squaredNorms, byteLength: end }
}

type Placed<Segment> = Segment extends unknown ? Omit<Segment, keyof PlacedNumbers> : never

function placeNumbers(
  layout: CompactLayout,
  exampleCount: number,
  place: (byteLength: number) => number,
  bytesPerNumber: number,
): Placed<PlacedSegment> {
  const step = (count: number): number => getRowStep(count, bytesPerNumber)
  switch (layout.kind) {
    case 'dense': {
      const valuesStep = step(layout.size)
      return { ...layout, values: place(exampleCount * valuesStep), valuesStep }
    }
    case 'factored': {
      const [aStep, deltaStep] = [step(layout.inputSize), step(layout.outputSize)]
      const a = place(exampleCount * layout.positions * aStep)
      return {
        ...layout,
        a,
        aStep,
        delta: place(exampleCount * layout.positions * deltaStep),
        deltaStep,
      }
    }
    case 'lookup': {
      const deltaStep = step(layout.rowSize)
      const indices = place(exampleCount * layout.positions * bytesPerFloat32)
      return {
        ...layout,
        indices,
        delta: place(exampleCount * layout.positions * deltaStep),
        deltaStep,
      }
    }
  }
}

import type { GradientSegment } from '../../gradients/block.js'
import type { CompactForm } from '../compact-form.js'
import { compactForm } from '../compact-form.js'

/**
 * A segment in the memory of an instance. Addresses count from the block's own; each row of numbers begins at a multiple of
 * 16 bytes and is filled up with zeros, so that the kernels know no remainder.
 */
export type HeldSegment = HeldDense | HeldFactored | HeldRows

interface Held {
  readonly parameter: string
  /** Float64 [rowCount]: the power of two that the row's numbers stand for their multiple of. */
  readonly scales: number
}

export interface HeldDense extends Held {
  readonly kind: 'dense'
  readonly size: number
  readonly values: number
  readonly valuesStep: number
}

export interface HeldFactored extends Held {
  readonly kind: 'factored'
  readonly positions: number
  readonly inputSize: number
  readonly outputSize: number
  readonly a: number
  readonly aStep: number
  readonly delta: number
  readonly deltaStep: number
}

export interface HeldRows extends Held {
  readonly kind: 'rows'
  readonly positions: number
  readonly rowSize: number
  readonly parameterRows: number
  readonly indices: number
  readonly delta: number
  readonly deltaStep: number
}

/** Where the numbers of a block stand, relative to its address. */
export interface BlockLayout {
  readonly rowCount: number
  readonly segments: readonly HeldSegment[]
  /** Float64 [rowCount] */
  readonly squaredNorms: number
  readonly byteLength: number
}

/** A block in an instance's memory. */
export interface HeldBlock extends BlockLayout {
  readonly address: number
}

const floatSize = 4
const doubleSize = 8

const roundUp = (byteLength: number): number => (byteLength + 15) & ~15

/** Bytes from one row of so many float32 to the next. */
export const rowStep = (count: number): number => roundUp(count * floatSize)

/** That of the segments in the smaller of their forms. */
export const blockLayout = (rowCount: number, segments: readonly GradientSegment[]): BlockLayout =>
  formsLayout(
    rowCount,
    segments.map((segment) => ({ ...compactForm(segment), parameter: segment.parameter })),
  )

export function formsLayout(
  rowCount: number,
  segments: readonly (CompactForm & { readonly parameter: string })[],
): BlockLayout {
  let end = 0
  const place = (byteLength: number): number => {
    const start = end
    end += Math.ceil(byteLength / 16) * 16
    return start
  }
  const squaredNorms = place(rowCount * doubleSize)
  const held = segments.map((segment): HeldSegment => {
    const scales = place(rowCount * doubleSize)
    return { ...placed(segment, rowCount, place), parameter: segment.parameter, scales }
  })
  return { rowCount, segments: held, squaredNorms, byteLength: end }
}

type Placed<Segment> = Segment extends unknown ? Omit<Segment, keyof Held> : never

function placed(
  form: CompactForm,
  rowCount: number,
  place: (byteLength: number) => number,
): Placed<HeldSegment> {
  switch (form.kind) {
    case 'dense': {
      const valuesStep = rowStep(form.size)
      return { ...form, values: place(rowCount * valuesStep), valuesStep }
    }
    case 'factored': {
      const [aStep, deltaStep] = [rowStep(form.inputSize), rowStep(form.outputSize)]
      const a = place(rowCount * form.positions * aStep)
      return { ...form, a, aStep, delta: place(rowCount * form.positions * deltaStep), deltaStep }
    }
    case 'rows': {
      const deltaStep = rowStep(form.rowSize)
      const indices = place(rowCount * form.positions * floatSize)
      return {
        ...form,
        indices,
        delta: place(rowCount * form.positions * deltaStep),
        deltaStep,
      }
    }
  }
}

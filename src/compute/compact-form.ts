import type { GradientSegment } from '../gradients/block.js'

/** The form in which a segment is held, with its sizes per example. */
export type CompactForm =
  | { readonly kind: 'dense'; readonly size: number }
  | {
      readonly kind: 'factored'
      readonly positions: number
      readonly inputSize: number
      readonly outputSize: number
    }
  | {
      readonly kind: 'rows'
      readonly positions: number
      readonly rowSize: number
      readonly parameterRows: number
    }

/** The smaller of a segment's exact forms: the gradient itself, or its factors. */
export function compactForm(segment: GradientSegment<unknown, unknown>): CompactForm {
  switch (segment.kind) {
    case 'dense':
      return { kind: 'dense', size: segment.size }
    case 'rows': {
      const { positions, rowSize, parameterRows } = segment
      return smaller({ kind: 'rows', positions, rowSize, parameterRows })
    }
    case 'factored': {
      const { positions, inputSize, outputSize } = segment
      return smaller({ kind: 'factored', positions, inputSize, outputSize })
    }
    case 'convolution': {
      const { filterHeight, filterWidth, inChannels, ...geometry } = segment.geometry
      return smaller({
        kind: 'factored',
        positions: geometry.outHeight * geometry.outWidth,
        inputSize: filterHeight * filterWidth * inChannels,
        outputSize: geometry.outChannels,
      })
    }
  }
}

function smaller(form: CompactForm): CompactForm {
  const size = denseSize(form)
  return size <= numberCount(form) ? { kind: 'dense', size } : form
}

/** How many numbers the gradient itself has. */
export function denseSize(form: CompactForm): number {
  switch (form.kind) {
    case 'dense':
      return form.size
    case 'factored':
      return form.inputSize * form.outputSize
    case 'rows':
      return form.parameterRows * form.rowSize
  }
}

/** How many numbers of four bytes the form takes per example. */
export function numberCount(form: CompactForm): number {
  switch (form.kind) {
    case 'dense':
      return form.size
    case 'factored':
      return form.positions * (form.inputSize + form.outputSize)
    case 'rows':
      return form.positions * (form.rowSize + 1)
  }
}

/** What a block of these segments occupies in compact form, its squared norms of eight bytes included. */
export function heldByteLength(
  rowCount: number,
  segments: readonly GradientSegment<unknown, unknown>[],
): number {
  const numbers = segments.reduce((sum, segment) => sum + numberCount(compactForm(segment)), 0)
  return rowCount * (numbers * bytesPerNumber + bytesPerNorm)
}

/** What the forms take per example with their numbers in float16, the squared norm included. */
export function halfRowByteLength(forms: readonly CompactForm[]): number {
  const numbers = forms.reduce((sum, form) => sum + numberCount(form), 0)
  const indices = forms.reduce((sum, form) => sum + (form.kind === 'rows' ? form.positions : 0), 0)
  return (numbers - indices) * bytesPerHalf + indices * bytesPerNumber + bytesPerNorm
}

const bytesPerNumber = 4
const bytesPerHalf = 2
const bytesPerNorm = 8

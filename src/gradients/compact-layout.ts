import type { GradientSegment } from './block.js'
import { bytesPerFloat32, bytesPerNorm, bytesPerFloat16 } from './numbers/byte-sizes.js'

/** The form in which a segment is held, with its sizes per example. */
export type CompactLayout =
  | { readonly kind: 'dense'; readonly size: number }
  | {
      readonly kind: 'factored'
      readonly positions: number
      readonly inputSize: number
      readonly outputSize: number
    }
  | {
      readonly kind: 'lookup'
      readonly positions: number
      readonly rowSize: number
      readonly parameterRows: number
    }

/** The smaller of a segment's exact forms: the gradient itself, or its factors. */
export function chooseLayout(segment: GradientSegment<unknown, unknown>): CompactLayout {
  switch (segment.kind) {
    case 'dense':
      return { kind: 'dense', size: segment.size }
    case 'lookup': {
      const { positions, rowSize, parameterRows } = segment
      return chooseSmaller({ kind: 'lookup', positions, rowSize, parameterRows })
    }
    case 'factored': {
      const { positions, inputSize, outputSize } = segment
      return chooseSmaller({ kind: 'factored', positions, inputSize, outputSize })
    }
    case 'convolution': {
      const { filterHeight, filterWidth, inChannels, ...geometry } = segment.geometry
      return chooseSmaller({
        kind: 'factored',
        positions: geometry.outHeight * geometry.outWidth,
        inputSize: filterHeight * filterWidth * inChannels,
        outputSize: geometry.outChannels,
      })
    }
  }
}

function chooseSmaller(layout: CompactLayout): CompactLayout {
  const size = getDenseSize(layout)
  return size <= countNumbers(layout) ? { kind: 'dense', size } : layout
}

/** How many numbers the gradient itself has. */
export function getDenseSize(layout: CompactLayout): number {
  switch (layout.kind) {
    case 'dense':
      return layout.size
    case 'factored':
      return layout.inputSize * layout.outputSize
    case 'lookup':
      return layout.parameterRows * layout.rowSize
  }
}

/** How many numbers of four bytes the form takes per example. */
export function countNumbers(layout: CompactLayout): number {
  switch (layout.kind) {
    case 'dense':
      return layout.size
    case 'factored':
      return layout.positions * (layout.inputSize + layout.outputSize)
    case 'lookup':
      return layout.positions * (layout.rowSize + 1)
  }
}

/** What a block of these segments occupies in compact form, its squared norms of eight bytes included. */
export function getCompactByteLength(
  exampleCount: number,
  segments: readonly GradientSegment<unknown, unknown>[],
): number {
  const numbers = segments.reduce((sum, segment) => sum + countNumbers(chooseLayout(segment)), 0)
  return exampleCount * (numbers * bytesPerFloat32 + bytesPerNorm)
}

/** What the forms take per example with their numbers in float16, the squared norm included. */
export function getFloat16ByteLength(layouts: readonly CompactLayout[]): number {
  const numbers = layouts.reduce((sum, layout) => sum + countNumbers(layout), 0)
  const indices = layouts.reduce(
    (sum, layout) => sum + (layout.kind === 'lookup' ? layout.positions : 0),
    0,
  )
  return (numbers - indices) * bytesPerFloat16 + indices * bytesPerFloat32 + bytesPerNorm
}

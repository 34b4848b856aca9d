import type { GradientSegment } from './block.js'
import { bytesPerFloat32, bytesPerNorm, bytesPerFloat16 } from './numbers/byte-sizes.js'

/** How the numbers of a segment are stored, with the sizes per example. */
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

/** Chooses the smaller exact layout of a segment: the gradient itself, or its factors. */
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

/** The number of elements of the gradient itself. */
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

/** Counts the numbers of four bytes that the layout takes per example. */
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

/** The bytes of a block of these segments in compact layout, including its squared norms. */
export function getCompactByteLength(
  exampleCount: number,
  segments: readonly GradientSegment<unknown, unknown>[],
): number {
  const numbers = segments.reduce((sum, segment) => sum + countNumbers(chooseLayout(segment)), 0)
  return exampleCount * (numbers * bytesPerFloat32 + bytesPerNorm)
}

/** The bytes that the layouts take per example with numbers in float16, including the squared norm. */
export function getFloat16ByteLength(layouts: readonly CompactLayout[]): number {
  const numbers = layouts.reduce((sum, layout) => sum + countNumbers(layout), 0)
  const indices = layouts.reduce(
    (sum, layout) => sum + (layout.kind === 'lookup' ? layout.positions : 0),
    0,
  )
  return (numbers - indices) * bytesPerFloat16 + indices * bytesPerFloat32 + bytesPerNorm
}

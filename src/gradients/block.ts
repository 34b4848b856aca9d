/**
 * Per-example gradients of one batch of B examples, parameter by parameter, each in an exact form. The
 * gradient of a parameter is the sum of its segments, mostly one; a parameter without influence on the loss
 * may be left out.
 */
export interface GradientBlock {
  readonly rowCount: number
  readonly segments: readonly GradientSegment[]
}

export type GradientSegment = DenseSegment | FactoredSegment | ConvolutionSegment | RowsSegment

/** The gradient itself: `values` is [B, size]. */
export interface DenseSegment {
  readonly kind: 'dense'
  readonly parameter: string
  readonly size: number
  readonly values: Float32Array
}

/**
 * G = Σ_t a_t δ_tᵀ over T positions, kept as its factors: `a` is [B, T, d], the layer's input, and `delta`
 * [B, T, p], the gradient at its output. G is [d, p], row-major.
 */
export interface FactoredSegment {
  readonly kind: 'factored'
  readonly parameter: string
  readonly positions: number
  readonly inputSize: number
  readonly outputSize: number
  readonly a: Float32Array
  readonly delta: Float32Array
}

/**
 * A convolution filter's factors, the patches still implicit: `a` is [B, H, W, C], `delta` [B, OH, OW, p].
 * G is [filterHeight, filterWidth, C, p], row-major.
 */
export interface ConvolutionSegment {
  readonly kind: 'convolution'
  readonly parameter: string
  readonly geometry: ConvolutionGeometry
  readonly a: Float32Array
  readonly delta: Float32Array
}

/**
 * The gradient of a table whose rows were looked up, an embedding's: row `indices[b, t]` of G is Σ δ_t.
 * `indices` is [B, T], `delta` [B, T, rowSize]; G is [parameterRows, rowSize], row-major.
 */
export interface RowsSegment {
  readonly kind: 'rows'
  readonly parameter: string
  readonly positions: number
  readonly rowSize: number
  readonly parameterRows: number
  readonly indices: Int32Array
  readonly delta: Float32Array
}

export interface ConvolutionGeometry {
  readonly inHeight: number
  readonly inWidth: number
  readonly inChannels: number
  readonly filterHeight: number
  readonly filterWidth: number
  readonly outHeight: number
  readonly outWidth: number
  readonly outChannels: number
  readonly strideHeight: number
  readonly strideWidth: number
  readonly dilationHeight: number
  readonly dilationWidth: number
  readonly padTop: number
  readonly padLeft: number
}

/** What the block's numbers occupy, in bytes. */
export function byteLengthOf(block: GradientBlock): number {
  return block.segments.reduce((sum, segment) => sum + segmentByteLength(segment), 0)
}

function segmentByteLength(segment: GradientSegment): number {
  switch (segment.kind) {
    case 'dense':
      return segment.values.byteLength
    case 'factored':
    case 'convolution':
      return segment.a.byteLength + segment.delta.byteLength
    case 'rows':
      return segment.indices.byteLength + segment.delta.byteLength
  }
}

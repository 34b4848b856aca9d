/// <reference lib="esnext.disposable" preserve="true" />
declare global {
  // Declared again, empty, for the compilers of users whose DOM types do not have WebGPU yet.
  /* eslint-disable @typescript-eslint/no-empty-object-type -- their members are in the DOM's types */
  interface GPUBuffer {}
  interface GPUDevice {}
  /* eslint-enable @typescript-eslint/no-empty-object-type */
}

/**
 * Per-example gradients of one batch of B examples, parameter by parameter, each in an exact form. The
 * gradient of a parameter is the sum of its segments, mostly one; a parameter without influence on the loss
 * may be left out.
 */
export interface GradientBlock<Floats = Float32Array, Integers = Int32Array> {
  readonly exampleCount: number
  readonly segments: readonly GradientSegment<Floats, Integers>[]
  /**
   * Set when the buffers are exclusively owned and may be transferred. It is called with each buffer that is no longer
   * needed and can be reused.
   */
  readonly release?: ((buffer: ArrayBuffer) => void) | undefined
}

/**
 * A block in buffers of a WebGPU device: float32 and int32 numbers, row-major, from offset 0; a buffer may be
 * longer than its numbers. The buffers stay valid until the block is disposed, after all commands that read them have
 * been submitted.
 */
export interface GpuGradientBlock extends GradientBlock<GPUBuffer, GPUBuffer>, Disposable {
  readonly gpuDevice: GPUDevice
}

/** The gradients of one parameter for a batch of examples, in one of four layouts. */
export type GradientSegment<Floats = Float32Array, Integers = Int32Array> =
  | DenseSegment<Floats>
  | FactoredSegment<Floats>
  | ConvolutionSegment<Floats>
  | LookupSegment<Floats, Integers>

/** The gradient itself: `values` is [B, size]. */
export interface DenseSegment<Floats = Float32Array> {
  readonly kind: 'dense'
  readonly parameter: string
  readonly size: number
  readonly values: Floats
}

/** The bias of a layer, whose gradient is Σ_t of the vectors at the layer's output. */
export interface LayerBias {
  readonly parameter: string
  /** Which of the kernel's factors is the layer's input. The other one is the gradient at its output. */
  readonly input: 'a' | 'delta'
}

/**
 * G = Σ_t a_t δ_tᵀ over T positions, kept as its factors: `a` is [B, T, d], the layer's input, and `delta`
 * [B, T, p], the gradient at its output. G is [d, p], row-major.
 */
export interface FactoredSegment<Floats = Float32Array> {
  readonly kind: 'factored'
  readonly parameter: string
  readonly positions: number
  readonly inputSize: number
  readonly outputSize: number
  readonly a: Floats
  readonly delta: Floats
  /** Set only where the factors were asked for; see LossGradientOptions. */
  readonly bias?: LayerBias | undefined
}

/**
 * A convolution filter's factors, without the patches written out: `a` is [B, H, W, C], `delta` [B, OH, OW, p].
 * G is [filterHeight, filterWidth, C, p], row-major.
 */
export interface ConvolutionSegment<Floats = Float32Array> {
  readonly kind: 'convolution'
  readonly parameter: string
  readonly geometry: ConvolutionGeometry
  readonly a: Floats
  readonly delta: Floats
  /** As in FactoredSegment. */
  readonly bias?: LayerBias | undefined
}

/**
 * The gradient of an embedding table: row `indices[b, t]` of G is Σ δ_t.
 * `indices` is [B, T], `delta` [B, T, rowSize]; G is [parameterRows, rowSize], row-major.
 */
export interface LookupSegment<Floats = Float32Array, Integers = Int32Array> {
  readonly kind: 'lookup'
  readonly parameter: string
  readonly positions: number
  readonly rowSize: number
  readonly parameterRows: number
  readonly indices: Integers
  readonly delta: Floats
}

/** The gradients of one parameter in a layout that can be stored and compared. */
export type CompactSegment<Floats = Float32Array, Integers = Int32Array> =
  DenseSegment<Floats> | FactoredSegment<Floats> | LookupSegment<Floats, Integers>

/** The gradients of a batch of examples, in layouts that can be stored and compared. */
export interface CompactBlock<Floats = Float32Array> {
  readonly exampleCount: number
  readonly segments: readonly CompactSegment<Floats>[]
  /** See GradientBlock. */
  readonly release?: ((buffer: ArrayBuffer) => void) | undefined
}

/** The sizes of a 2-D convolution: lengths, strides, dilations and paddings, in pixels. */
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

import type { Device } from '../../options.js'

/**
 * What is used of ONNX Runtime: `onnxruntime-web` and `onnxruntime-node` both have it. The page passes its own copy, so
 * that its settings (threads, paths of its binaries) apply.
 */
export interface OnnxRuntime {
  readonly InferenceSession: {
    /** Loads a model from its bytes. */
    create(model: Uint8Array, options?: object): Promise<RuntimeSession>
  }
  readonly Tensor: new (
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the union of ONNX Runtime's element types
    type: any,
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- typed arrays of any element type
    data: any,
    dims: readonly number[],
  ) => RuntimeTensor
  readonly env: {
    readonly versions: { readonly web?: string | undefined; readonly node?: string | undefined }
    readonly webgpu?: object
  }
}

/** A session of ONNX Runtime. */
export interface RuntimeSession {
  /** Computes the outputs, by name, from the inputs by name. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- ONNX Runtime's own type of feeds
  run(feeds: any): Promise<Readonly<Record<string, unknown>>>
  /** Frees the session. */
  release(): Promise<void>
  readonly outputMetadata?: readonly { readonly name: string; readonly type?: unknown }[]
}

/** A tensor of ONNX Runtime. */
export interface RuntimeTensor {
  readonly type: string
  readonly dims: readonly number[]
  readonly data: unknown
  readonly gpuBuffer?: unknown
  /** Frees the tensor. */
  dispose(): void
}

/** Where a model runs: the execution provider of ONNX Runtime. */
export interface RuntimeDevice {
  readonly name: Device
  readonly ort: OnnxRuntime
  readonly provider: 'cpu' | 'wasm' | 'webgpu'
  /** The device whose buffers hold results on webgpu. */
  readonly gpuDevice?: GPUDevice | undefined
}

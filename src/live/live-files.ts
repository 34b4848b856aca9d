/** The type of a script element with the live part of a report: a compressed frame in base64. */
export const liveType = 'application/x-gradlens-live'

/** How the live part of a report attributes a prediction. */
export type LiveAttribution = 'integratedGradients' | 'gradient' | 'none'

/** How the live part of a report explains: the params of its frame. */
export interface LiveParams {
  /** A ModelDescription or an OnnxDescription as JSON. */
  readonly model: string
  readonly output: string | null
  readonly loss: unknown
  readonly simFn: string
  readonly topK: number
  readonly precomputeGrads: boolean
  readonly attribution: LiveAttribution
  readonly layer: string | null
}

/** A TensorFlow.js model without its weights. */
export interface ModelDescription {
  readonly format: 'layers-model' | 'graph-model'
  readonly modelTopology: object
  readonly weightSpecs: readonly object[]
  /** Of a graph model. */
  readonly signature?: object
  readonly userDefinedMetadata?: object
}

/** An ONNX model, which the page converts to one of TensorFlow.js. Its files are the weights. */
export interface OnnxDescription {
  readonly format: 'onnx'
  /** The shape of one example, for each input. */
  readonly shapes: readonly (readonly number[])[]
  /** The .onnx file, then the files with weights outside of it, in the order of their bytes. */
  readonly files: readonly { readonly name: string; readonly byteLength: number }[]
}

/** What the code that computes is started with. */
export interface LiveFiles {
  readonly model: ModelDescription | OnnxDescription
  /** The weights in the order of the specs, or the files of an ONNX model. */
  readonly weights: Uint8Array<ArrayBuffer>
  /** The module of TensorFlow.js with SIMD. */
  readonly wasm: ArrayBuffer
  /** The output to explain, of a model with several. */
  readonly output: string | undefined
}

/** The part of a worker's `self`, or of a MessagePort, that the code uses. */
export interface LiveScope {
  postMessage(message: unknown, options?: StructuredSerializeOptions): void
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void
}

/** What the code that computes offers: in a worker to its messages, in a page as a global. */
export interface LiveCode {
  /** Exposes the explainers of a model. Errors go to the other end. */
  readonly expose: (scope: LiveScope, files: LiveFiles) => void
}

declare global {
  var gradlensLiveCode: LiveCode | undefined
}

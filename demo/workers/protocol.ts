import type { NdArray, Progress } from 'gradlens'
import type { DeviceChoice, GradientSource, Method, SimFn } from '../settings.js'

/** Which page's data and model a worker works with. */
export type DataSetName = 'mnist' | 'garments' | 'reviews' | 'cars'

/** Where a call ran: the device, and why not the one before it in auto's order. */
export interface DeviceReport {
  readonly device: 'webgpu' | 'wasm' | 'cpu'
  readonly fallbackReason: string | null
}

/** An explanation as it comes out of a worker: the elements take it. */
export interface ExplanationParts {
  readonly meta: object
  readonly data: object
}

export interface Prediction extends DeviceReport {
  /** The probabilities of the classes; of a regression, its one value. */
  readonly outputs: Float32Array
  /** The class of the greatest probability; 0 of a regression. */
  readonly label: number
  /** What the model and all other tensors of the worker take. */
  readonly tensorByteLength: number
}

export interface Attribution extends DeviceReport {
  readonly explanation: ExplanationParts
  readonly target: number
  readonly method: Method
  readonly steps: number
  /** Σ attributions. */
  readonly total: number
  /** Σ attributions − (F(x) − F(baseline)). */
  readonly delta: number
  /** F(x), of the target. */
  readonly output: number
  readonly durationMs: number
}

export interface Fit extends DeviceReport {
  readonly references: number
  /** What the model says of each reference: its class, or its value. */
  readonly predictions: Float32Array
  readonly storedByteLength: number
  readonly durationMs: number
  /** Of what was not computed but stored beforehand; null of exact gradients. */
  readonly stored: StoredGradientsReport | null
  /** Why the stored gradients that were asked for are not there; null if they are, or were not asked for. */
  readonly storeFailure: string | null
}

/** What `gradients.json` says of the stored gradients, which are projected. */
export interface StoredGradientsReport {
  /** The folder of the store. */
  readonly store: string
  readonly byteLength: number
  readonly projection: { readonly size: number }
  readonly exactNumbersPerRow: number
  readonly measured: {
    readonly topK: number
    /** `recall`: how many of the topK most similar by exact gradients are so by these, 0 to 1. */
    readonly similarities: Readonly<Record<SimFn, { readonly recall: number }>>
  }
}

export interface Similarity {
  readonly explanation: ExplanationParts
  readonly simFn: SimFn
  /** The answer that is explained: the scores are of this class, or of this value. */
  readonly label: number
  readonly durationMs: number
}

/** What a worker can be asked for: arguments and result by the method's name. Inputs are as the model takes them, [1, …]. */
export interface Methods {
  predict: { arguments: { input: NdArray; device: DeviceChoice }; result: Prediction }
  attribute: {
    arguments: {
      input: NdArray
      target: number
      method: Method
      steps: number
      device: DeviceChoice
    }
    result: Attribution
  }
  fit: {
    arguments: { references: number; gradients: GradientSource; device: DeviceChoice }
    result: Fit
  }
  rank: {
    /** `label`: of which the loss is taken; undefined: what the model says. */
    arguments: {
      input: NdArray
      label: number | undefined
      simFn: SimFn
      device: DeviceChoice
    }
    result: Similarity
  }
}

export type MethodName = keyof Methods

export interface Start {
  readonly dataSet: DataSetName
  /** The absolute address of the model and the data, with a slash at its end. */
  readonly folder: string
  /** The device that the first call will want. */
  readonly device: DeviceChoice
}

export type ToWorker =
  | ({ readonly kind: 'start' } & Start)
  | { [Name in MethodName]: CallMessage<Name> }[MethodName]
  | { readonly kind: 'cancel'; readonly id: number }

export interface CallMessage<Name extends MethodName> {
  readonly kind: 'call'
  readonly id: number
  readonly method: Name
  readonly arguments: Methods[Name]['arguments']
}

export type FromWorker =
  | { readonly kind: 'progress'; readonly id: number; readonly progress: Progress }
  | { readonly kind: 'result'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly message: string }

import type { Device, NdArray, Progress } from 'gradlens'
import type { DeviceChoice, GradientSource, Method, SimFn } from '../settings.js'

/** The page whose data and model a worker uses. */
export type DataSetName = 'mnist' | 'garments' | 'reviews' | 'cars'

/** The device of a call, and why a faster one was not used. */
export interface DeviceReport {
  readonly device: Device
  readonly fallbackReason: string | null
}

/** An explanation as a worker posts it. The elements accept it. */
export interface ExplanationParts {
  readonly meta: object
  readonly data: object
}

export interface Prediction extends DeviceReport {
  /** The class probabilities, or the single value of a regression. */
  readonly outputs: Float32Array
  /** The most probable class; 0 in a regression. */
  readonly label: number
  /** The size of all tensors of the worker, including the model. */
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
  /** The predicted class or value of each training example. */
  readonly predictions: Float32Array
  readonly storedByteLength: number
  readonly durationMs: number
  /** The report of stored gradients; null for gradients computed in the page. */
  readonly stored: StoredGradientsReport | null
  /** Why the stored gradients could not be used; null if they were used or not requested. */
  readonly storeFailure: string | null
}

/** The content of `gradients.json`, which describes the stored, projected gradients. */
export interface StoredGradientsReport {
  /** The folder of the store. */
  readonly store: string
  readonly byteLength: number
  readonly projection: { readonly size: number }
  readonly exactNumbersPerRow: number
  readonly measured: {
    readonly topK: number
    /**
     * `recall`: the share of the topK most similar by exact gradients that the stored gradients
     * find, 0 to 1.
     */
    readonly similarities: Readonly<Record<SimFn, { readonly recall: number }>>
  }
}

export interface Similarity {
  readonly explanation: ExplanationParts
  readonly simFn: SimFn
  /** The explained class or value. */
  readonly label: number
  readonly durationMs: number
}

/** The methods of a worker, with their arguments and results. Inputs are the model's, [1, …]. */
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
    /** `label`: the label of the loss. Default: the prediction. */
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
  /** The absolute URL of the model and the data, with a trailing slash. */
  readonly folder: string
  /** The device of the first call, which the worker prepares. */
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

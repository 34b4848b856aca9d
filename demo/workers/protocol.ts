import type { DeviceChoice, Method, SimFn } from '../settings.js'

/** Where a call ran: the device, and why not the one before it in auto's order. */
export interface DeviceReport {
  readonly device: 'webgpu' | 'wasm' | 'cpu'
  readonly fallbackReason: string | null
}

export interface Prediction extends DeviceReport {
  readonly probabilities: Float32Array
  /** The class of the greatest probability. */
  readonly label: number
}

export interface Attribution extends DeviceReport {
  readonly target: number
  readonly method: Method
  readonly steps: number
  readonly attributions: Float32Array
  /** Σ attributions − (F(x) − F(baseline)). */
  readonly delta: number
  readonly targetProbability: number
  readonly durationMs: number
}

export interface Fit extends DeviceReport {
  readonly references: number
  /** What the model says of each reference digit. */
  readonly predictedLabels: Uint8Array
  readonly storedByteLength: number
  readonly durationMs: number
}

export interface Similarity {
  readonly simFn: SimFn
  /** The answer that is explained: the scores are of this label. */
  readonly predictedLabel: number
  /** The score of each reference digit, by its index. */
  readonly scores: Float32Array
  /** Indices of the reference digits, most similar first. */
  readonly order: Int32Array
  readonly durationMs: number
}

/** What a worker can be asked for: arguments and result by the method's name. */
export interface Methods {
  predict: { arguments: { pixels: Uint8Array; device: DeviceChoice }; result: Prediction }
  attribute: {
    arguments: {
      pixels: Uint8Array
      target: number
      method: Method
      steps: number
      device: DeviceChoice
    }
    result: Attribution
  }
  fit: { arguments: { references: number; device: DeviceChoice }; result: Fit }
  rank: {
    arguments: { pixels: Uint8Array; simFn: SimFn; device: DeviceChoice }
    result: Similarity
  }
}

export type MethodName = keyof Methods

export interface WorkProgress {
  readonly done: number
  readonly total: number
}

export interface Start {
  /** The absolute address of the model and the digits, with a slash at its end. */
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
  | { readonly kind: 'progress'; readonly id: number; readonly progress: WorkProgress }
  | { readonly kind: 'result'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly message: string }

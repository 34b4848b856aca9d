import type { Device } from 'gradlens'
import type { Method, SimFn } from '../settings.js'

/** The page whose data and model are used. */
export type DataSetName = 'mnist' | 'garments' | 'reviews' | 'cars'

/** The device of a call, and why a faster one was not used. */
export interface DeviceReport {
  readonly device: Device
  readonly fallbackReason: string | null
}

/** The parts of an explanation that the elements show. */
export interface ExplanationParts {
  readonly meta: object
  readonly data: object
}

export interface Prediction extends DeviceReport {
  /** The class probabilities, or the single value of a regression. */
  readonly outputs: Float32Array
  /** The most probable class; 0 in a regression. */
  readonly label: number
  /** The size of the model's weights. */
  readonly modelByteLength: number
}

export interface Attribution {
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

export interface Fit {
  readonly references: number
  /** The predicted class or value of each training example. */
  readonly predictions: Float32Array
  readonly storedByteLength: number
  readonly durationMs: number
  /** The report of stored gradients; null for gradients computed for this page. */
  readonly stored: StoredGradientsReport | null
  /** Why the stored gradients could not be used; null if they were used or not requested. */
  readonly storeFailure: string | null
}

/** The content of `gradients.json`, which describes the stored, projected gradients. */
export interface StoredGradientsReport {
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

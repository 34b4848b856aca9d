import type { ArraySpec, LayerSite, ParameterSpec } from '../predictor.js'
import type { Device, Progress } from '../options.js'
import type { EncodedError } from './errors.js'

/** The explainers by the names of their classes; the model's outputs; a session of the model. */
export type ExplainerName =
  | 'GradientSimilarity'
  | 'GradientSimilarity.open'
  | 'InfluenceFunctions'
  | 'InfluenceFunctions.open'
  | 'TracIn'
  | 'TracIn.open'
  | 'IntegratedGradients'
  | 'Gradient'
  | 'ExpectedGradients'
  | 'GradCam'
  | 'Occlusion'
  | 'ModelOutputs'
  | 'ModelSession'

/** What the page asks of the worker. `id` identifies the request, `explainer` the explainer that it concerns. */
export type ToWorker =
  /** Asks whether explainers are exposed: the page may have missed that the worker said so. */
  | { readonly kind: 'connect' }
  | {
      readonly kind: 'create'
      readonly explainer: number
      readonly name: ExplainerName
      /** The constructor's arguments without the predictor, packed. */
      readonly arguments: readonly unknown[]
    }
  | {
      readonly kind: 'call'
      readonly id: number
      readonly explainer: number
      readonly method: string
      /** The arguments before the options, packed; the options without `signal` and `onProgress`. */
      readonly arguments: readonly unknown[]
      readonly options: Readonly<Record<string, unknown>>
    }
  | { readonly kind: 'abort'; readonly id: number }
  | { readonly kind: 'dispose'; readonly explainer: number }
  /** The page no longer needs any of them. */
  | { readonly kind: 'close' }
  | { readonly kind: 'examples'; readonly read: number; readonly examples: unknown }
  | { readonly kind: 'no examples'; readonly read: number; readonly error: EncodedError }

/** What the worker answers. */
export type FromWorker =
  /** `exposeExplainers` was called. The model may still be loading. */
  | { readonly kind: 'exposed' }
  | { readonly kind: 'ready'; readonly model: ModelDescription }
  | { readonly kind: 'failed'; readonly error: EncodedError }
  | { readonly kind: 'progress'; readonly id: number; readonly progress: Progress }
  | {
      readonly kind: 'result'
      readonly id: number
      readonly value: unknown
      readonly state: ExplainerState
    }
  | {
      readonly kind: 'failure'
      readonly id: number
      readonly error: EncodedError
    }
  | {
      /** Asks for the examples `start` to `end` − 1 of a source in the page. */
      readonly kind: 'read'
      readonly read: number
      readonly source: number
      readonly start: number
      readonly end: number
    }

/** The model in the worker, as the page may need it. */
export interface ModelDescription {
  readonly name: string
  readonly inputs: readonly ArraySpec[]
  readonly output: ArraySpec
  readonly parameters: readonly ParameterSpec[]
  readonly devices: readonly Device[] | undefined
  /** The outputs of convolutions; see Predictor. */
  readonly convolutions: readonly LayerSite[] | undefined
}

/** The properties of an explainer after a call. */
export interface ExplainerState {
  readonly device: Device | null
  readonly fallbackReason: string | null
  readonly gradientBytes: number
  /** Of a session of the model. */
  readonly weightsVersion: number
}

/**
 * A worker's own side of its messages: `self`, or a MessagePort. Code for pages and workers alike is compiled with the types
 * of a page, where `self` is a Window: it fits.
 */
export interface WorkerScope {
  postMessage(message: FromWorker, options: { transfer: Transferable[] }): void
  addEventListener(type: 'message', listener: (event: MessageEvent<ToWorker>) => void): void
}

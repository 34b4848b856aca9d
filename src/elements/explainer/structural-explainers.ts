import type { Progress } from '../../options.js'

/** Options that the element passes to every call of an explainer. */
export interface ExplainCall {
  /**
   * Aborts when the user cancels, a newer request replaces this one, or the element leaves the
   * page.
   */
  readonly signal: AbortSignal
  /** Reports the progress of the work. */
  readonly onProgress: (progress: Progress) => void
}

/** Where an explainer ran, if it reports that. */
interface ExplainerDevice {
  readonly device?: string | null
  readonly fallbackReason?: string | null
}

/** GradientSimilarity, InfluenceFunctions, TracIn, or an object with the same methods, such as a proxy of a worker. */
export interface SimilarityLike extends ExplainerDevice {
  /** The size of the stored gradients, in bytes. */
  readonly gradientBytes?: number
  /** Reads the training examples. Left out if the explainer is already fitted. */
  fit?(xTrain: unknown, yTrain: unknown, call: ExplainCall): Promise<unknown>
  /** Resolves to an explanation or its JSON. */
  explain(x: unknown, y: unknown, call: ExplainCall): Promise<unknown>
}

/**
 * IntegratedGradients, Gradient, or an object with the same method, such as a proxy of a worker.
 */
export interface AttributionLike extends ExplainerDevice {
  /** Resolves to an explanation or its JSON. */
  explain(x: unknown, call: ExplainCall & { readonly target?: number }): Promise<unknown>
}

interface Model {
  /** A method, so that models of narrower inputs fit. */
  predict(x: unknown, call: { readonly signal: AbortSignal }): unknown
}

/**
 * The model: returns its output for x, or a promise of it. A returned tensor is disposed of after
 * it is read.
 */
export type Predict = Model['predict']

import type { Progress } from '../../options.js'

/** What every call is given besides its own options. */
export interface ExplainCall {
  /** Aborted when the visitor cancels, another request takes its place, or the element leaves the page. */
  readonly signal: AbortSignal
  readonly onProgress: (progress: Progress) => void
}

/** What has explained, where it tells. */
interface ExplainerFacts {
  readonly device?: string | null
  readonly fallbackReason?: string | null
}

/** GradientSimilarity, or whatever stands for one in a worker. */
export interface SimilarityLike extends ExplainerFacts {
  /** What the stored gradients occupy, in bytes. */
  readonly gradientBytes?: number
  fit?(xTrain: unknown, yTrain: unknown, call: ExplainCall): Promise<unknown>
  /** The explanation, or its JSON. */
  explain(x: unknown, y: unknown, call: ExplainCall): Promise<unknown>
}

/** IntegratedGradients or Gradient, or whatever stands for one in a worker. */
export interface AttributionLike extends ExplainerFacts {
  /** The explanation, or its JSON. */
  explain(x: unknown, call: ExplainCall & { readonly target?: number }): Promise<unknown>
}

/** The model itself: its output for x. A tensor that it returns is disposed of once it is read. */
export type Predict = (x: unknown, call: { readonly signal: AbortSignal }) => unknown

import type { ExplainCall } from '../structural-explainers.js'

/** An explainer that ranks training examples: InfluenceFunctions, TracIn, GradientSimilarity, or a proxy of one. */
export interface RankingLike {
  /** Reads the training examples. Left out if the explainer is already fitted. */
  fit?(xTrain: unknown, yTrain: unknown, call: ExplainCall): Promise<unknown>
  /** Ranks for one example. Resolves to an explanation or its JSON. */
  explain?(x: unknown, y: unknown, call: ExplainCall): Promise<unknown>
  /** Ranks the training examples alone. Resolves to an explanation or its JSON. */
  selfInfluence?(call: ExplainCall): Promise<unknown>
}

/** A ranking of the training examples that is compared with others. */
export interface Ranking {
  /** Its name, for example 'Influence'. */
  readonly title: string
  /** What it measures, in a sentence or two. Default: what the explanation's measure means. */
  readonly description?: string | undefined
  readonly explainer: RankingLike
  /** 'explain' ranks for the example that is explained, 'selfInfluence' ranks the training examples alone. Default 'explain'. */
  readonly method?: 'explain' | 'selfInfluence' | undefined
  /** Options of the method, for example `simFn`. */
  readonly options?: object | undefined
}

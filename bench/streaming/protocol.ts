import type { GradientSimilarityOptions } from 'gradlens'

/** A store of two chunks that are repeated for longer stores. */
export interface BaseStore {
  readonly name: string
  readonly title: string
  readonly rowsPerChunk: number
  readonly projection: GradientSimilarityOptions['projection']
}

/** The time and the result of one call. */
export interface Explained {
  readonly ms: number
  readonly indices: readonly number[]
  readonly scores: readonly number[]
  /** As counted by the library. */
  readonly peakBytes: number
}

/** The task in a page's address. */
export type StreamTask =
  | { readonly kind: 'prepare'; readonly store: BaseStore }
  | { readonly kind: 'explain'; readonly store: BaseStore; readonly exampleCount: number }
  | {
      readonly kind: 'compare'
      readonly store: BaseStore
      readonly exampleCount: number
      readonly addresses: readonly string[]
      readonly rounds: number
    }

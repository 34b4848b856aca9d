import type { GradientSimilarityOptions } from 'gradlens'

/** A store of two chunks, whose repetition makes stores of any length. */
export interface BaseStore {
  readonly name: string
  readonly title: string
  readonly rowsPerChunk: number
  readonly projection: GradientSimilarityOptions['projection']
}

/** What one call has taken, and what came of it. */
export interface Explained {
  readonly ms: number
  readonly indices: readonly number[]
  readonly scores: readonly number[]
  /** As counted by the library. */
  readonly peakBytes: number
}

/** What a page is asked for by its address. */
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

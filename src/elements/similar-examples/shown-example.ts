import type { NdArray } from '../../ndarray.js'
import type { Label } from './labels.js'

/** A training example as it is shown. */
export interface ShownExample {
  /** Undefined for the least similar examples if only the most similar were ranked. */
  readonly index: number | undefined
  readonly score: number | undefined
  readonly content: ExampleContent
  /** Undefined if only its number is known. */
  readonly name: string | undefined
  readonly label: Label | undefined
  /** The model's prediction for it. */
  readonly predicted: Label | undefined
  /**
   * Whether the label may be wrong: the page says so, or the other most similar examples, by cosine, agree
   * on another class, and so does the model if its prediction is known.
   */
  readonly isSuspect: boolean
}

export type ExampleContent =
  | { readonly kind: 'image'; readonly pixels: NdArray }
  | { readonly kind: 'address'; readonly url: string }
  | { readonly kind: 'text'; readonly text: string }
  /** The values of each feature over time. */
  | { readonly kind: 'series'; readonly columns: readonly Float64Array[] }
  | { readonly kind: 'row'; readonly cells: readonly (number | string)[] }
  | { readonly kind: 'none' }

/** A training example that the user selected. */
export interface SelectedExample {
  readonly index: number
  readonly score: number
  /** Undefined without labels. */
  readonly label: Label | undefined
  readonly end: 'most' | 'least'
  /** Its rank at that end, from 0. */
  readonly rank: number
}

/** The training example that the pointer or the focus is on. */
export interface PointedExample {
  readonly index: number
}

import type { NdArray } from '../../ndarray.js'
import type { Label } from './labels.js'

/** A training example as it is shown. */
export interface ShownExample {
  /** Undefined where only the most similar were ranked, and this is one of the least. */
  readonly index: number | undefined
  readonly score: number | undefined
  readonly content: ExampleContent
  readonly label: Label | undefined
  /** What the model says of it. */
  readonly predicted: Label | undefined
  /**
   * Among the most similar, by more than a tenth of the highest score, and of another class than the one that is explained:
   * its label may be wrong.
   */
  readonly isSuspect: boolean
}

export type ExampleContent =
  | { readonly kind: 'image'; readonly pixels: NdArray }
  | { readonly kind: 'address'; readonly url: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'row'; readonly cells: readonly (number | string)[] }
  | { readonly kind: 'none' }

/** A training example that the visitor has chosen. */
export interface SelectedExample {
  readonly index: number
  readonly score: number
  /** Undefined without labels. */
  readonly label: Label | undefined
  readonly end: 'most' | 'least'
  /** Its place at that end, from 0. */
  readonly rank: number
}

/** What both kinds of lists, cards and rows, are rendered from. */
export interface RenderedEnd {
  readonly end: 'most' | 'least'
  readonly title: string
  readonly examples: readonly ShownExample[]
  /** The number of the first of them among all that can be focused. */
  readonly from: number
  /** Which of those the Tab key leads to; undefined if none can be chosen. */
  readonly stop: number | undefined
  readonly selected: number | null | undefined
  readonly format: (score: number) => string
  readonly columns: readonly string[]
  readonly select: (detail: SelectedExample) => void
}

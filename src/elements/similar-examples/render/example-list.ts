import type { SelectedExample, ShownExample } from '../shown-example.js'
import type { SimilarityView } from '../similarity-view.js'

/** One end of the order: the most or the least similar examples. */
export interface ShownEnd {
  readonly end: 'most' | 'least'
  readonly title: string
  readonly examples: readonly ShownExample[]
  /** The position of its first example among all focusable examples. */
  readonly from: number
}

/** What the lists and the table of examples have in common. */
export interface ExampleListOptions {
  readonly view: SimilarityView
  /** The position of the example that is the tab stop; undefined if examples are not selectable. */
  readonly stop: number | undefined
  /** The index of the selected example. */
  readonly selected: number | null | undefined
  readonly format: (score: number) => string
  /** The names of the features. */
  readonly columns: readonly string[]
  readonly select: (detail: SelectedExample) => void
}

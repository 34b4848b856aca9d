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
  /** Among the most similar, and of another class than the one that is explained: its label may be wrong. */
  readonly isSuspect: boolean
}

export type ExampleContent =
  | { readonly kind: 'image'; readonly pixels: NdArray }
  | { readonly kind: 'address'; readonly url: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'row'; readonly cells: readonly (number | string)[] }
  | { readonly kind: 'none' }

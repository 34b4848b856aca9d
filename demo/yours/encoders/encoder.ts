import type { NdArray } from 'gradlens'
import type { RawLabels } from '../data/data-set.js'
import type { PictureFit } from '../data/decode-picture.js'
import type { FormField } from '../data/encode-table.js'
import type { ScalingName } from '../data/scalings.js'

/** How the examples become what the model takes. Only the part for their kind is read. */
export interface EncodingPlan {
  readonly pixels: {
    readonly scaling: ScalingName
    readonly fit: PictureFit
    /** The side of pictures for a model that takes any. */
    readonly side: number
  }
  readonly table: {
    /** The column with the labels; null for none. */
    readonly label: string | null
    readonly features: readonly string[]
    readonly scaling: 'none' | 'standard'
  }
}

/** An example that the visitor asks about. */
export type Asked =
  | { readonly kind: 'example'; readonly index: number }
  | { readonly kind: 'picture'; readonly blob: Blob }
  | { readonly kind: 'row'; readonly cells: readonly string[] }
  | { readonly kind: 'text'; readonly text: string }

/** An example as the model takes it, and as it is shown. */
export interface EncodedExample {
  /** [1, …] */
  readonly x: NdArray
  /** [height, width, channels], 0 … 255. */
  readonly image?: NdArray
  readonly cells?: readonly (number | string)[]
  readonly tokens?: readonly string[]
}

/** Training examples as elements show them: pictures [n, …] in the model's layout, rows or texts. */
export type ShownExamples = NdArray | readonly (string | readonly (number | string)[])[]

/** Makes of examples what the model takes. */
export interface Encoder {
  readonly count: number
  readonly labels: RawLabels
  /** The names of the model's numbers; empty for pictures and texts. */
  readonly featureNames: readonly string[]
  /** What was left out and why, in sentences. */
  readonly problems: readonly string[]
  encode(start: number, end: number): NdArray
  ask(asked: Asked): Promise<EncodedExample> | EncodedExample
  /** Null if the explanation's own arrays can be shown. */
  show(indices: readonly number[]): ShownExamples | null
  /** Pictures of examples; null if they have none. */
  picture(index: number): Promise<Blob | null>
  /** A picture of one grey, 0 … 255, as the model takes it; null if it takes something else. */
  flat(pixel: number): NdArray | null
  /** The fields of a form with the values of an example; empty if forms don't fit. */
  form(index: number): readonly FormField[]
}

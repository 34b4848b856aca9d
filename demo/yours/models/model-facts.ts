import type { ArraySpec } from 'gradlens'
import type { ScalingName } from '../data/scalings.js'

/** What the outputs go through at the end of the model. */
export type EndActivation = 'softmax' | 'sigmoid' | 'none'

export interface OutputFacts {
  readonly name: string
  /** Without the batch axis; undefined if the file doesn't say. */
  readonly shape: readonly (number | null)[] | undefined
  readonly activation: EndActivation
}

export interface LayerFacts {
  readonly name: string
  /** The kind of layer or operator: 'Conv2D'. */
  readonly kind: string
  readonly shape: string
}

/** A vocabulary that the model's file has for its texts. */
export interface TextFacts {
  readonly vocabulary: readonly string[]
  /** The number of token ids; null for any. */
  readonly length: number | null
  readonly standardize: 'lower_and_strip_punctuation' | 'lower' | 'strip_punctuation' | 'none'
  /** Where it came from, in words. */
  readonly source: string
}

/** What is known of a model before it runs. */
export interface ModelFacts {
  /** The format, in words: 'Keras 3'. */
  readonly format: string
  readonly name: string
  readonly byteLength: number
  readonly inputs: readonly ArraySpec[]
  /** The inputs of the file, among which the columns of the only input are divided, if there are several. */
  readonly parts?: readonly ArraySpec[]
  readonly outputs: readonly OutputFacts[]
  readonly layers: readonly LayerFacts[]
  readonly parameters: readonly { readonly name: string; readonly count: number }[]
  /** The layer that looks tokens up, by the name that explainers take; undefined without one. */
  readonly embedding: string | undefined
  /** The names of the classes, if a file has them. */
  readonly classNames: readonly string[]
  /** How the model takes pixels, if a file or its first layer says so. */
  readonly pixels:
    | { readonly scaling: ScalingName; readonly fit: 'stretch' | 'square'; readonly source: string }
    | undefined
  readonly text: TextFacts | undefined
}

import type { NdArray } from 'gradlens'

/** The example that the user asks about. */
export interface Question {
  /** The model's input, [1, …]. */
  readonly input: NdArray
  /** Its class, or its value in a regression; undefined for an example that the user made. */
  readonly truth: number | undefined
}

/** The training examples, as inputs of the model. */
export interface References {
  readonly x: NdArray
  readonly y: NdArray
}

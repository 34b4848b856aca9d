import type { NdArray } from 'gradlens'

/** The example that the user asks about. */
export interface Question {
  /** The model's input, [1, …]. */
  readonly input: NdArray
  /** Its class, or its value in a regression; undefined for an example that the user made. */
  readonly truth: number | undefined
  /** Its index, if it is among the references and is not compared with itself. */
  readonly ownReference?: number
}

/** The examples to rank, as inputs of the model. */
export interface References {
  readonly x: NdArray
  /** Their labels; null for those that the model predicts. */
  readonly y: NdArray | null
}

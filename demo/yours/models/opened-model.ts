import type { Predictor } from 'gradlens'
import type { NamedFile } from '../files/named-file.js'
import type { ModelFacts } from './model-facts.js'

/** A model in the worker. */
export interface OpenedModel {
  readonly facts: ModelFacts
  /** Returns a predictor of one output. */
  createPredictor(output: string): Promise<Predictor> | Predictor
  /** The files that code needs to load the model again, by their paths. */
  readonly files: readonly NamedFile[]
  /** Whether it is a GraphModel of TensorFlow.js. */
  readonly isGraph?: true
  dispose(): void
}

/** How many numbers a shape has. */
export const sizeOf = (shape: readonly number[]): number =>
  shape.reduce((product, length) => product * length, 1)

/** A shape in words: '224 × 224 × 3', where null is any length. */
export const formatShape = (shape: readonly (number | null)[]): string =>
  shape.length === 0 ? 'one number' : shape.map((length) => length ?? 'any').join(' × ')

import { InvalidArgumentError } from '../../errors.js'
import type { NdArray } from '../../ndarray.js'

/** What a model answers about one example. */
export interface ClassProbabilities {
  readonly classes: readonly ClassProbability[]
  /** The class it says: the most probable one. */
  readonly predicted: ClassProbability
}

export interface ClassProbability {
  readonly index: number
  readonly label: string
  readonly probability: number
}

/** A probability may miss 0 or 1 by as much, in float32. */
const rounding = 1e-4

/**
 * The probabilities of an example's classes, with their names; of a single output p with two names, 1 − p and p.
 *
 * @param row the model's output for the example
 * @throws InvalidArgumentError if they are no probabilities
 */
export function classProbabilities(
  { data }: Pick<NdArray, 'data'>,
  labels: readonly string[],
): ClassProbabilities {
  const outputs = Array.from(data)
  const wrong = outputs.findIndex((value) => !(value >= -rounding && value <= 1 + rounding))
  if (wrong >= 0 || outputs.length === 0) {
    const got = outputs.length === 0 ? 'none' : `${String(outputs[wrong])} at ${wrong}`
    const expected = 'probabilities of 0 … 1; for a model that returns logits, their softmax'
    throw new InvalidArgumentError('predictions', got, expected)
  }
  const isBinary = outputs.length === 1 && labels.length === 2
  const probabilities = isBinary ? [1 - outputs[0]!, outputs[0]!] : outputs
  const classes = probabilities.map((probability, index) => ({
    index,
    label: labels[index] ?? String(index),
    probability: Math.max(0, Math.min(1, probability)),
  }))
  const predicted = classes.reduce((most, next) =>
    next.probability > most.probability ? next : most,
  )
  return { classes, predicted }
}

import { InvalidArgumentError } from '../../errors.js'
import type { NdArray } from '../../ndarray.js'

/** The class probabilities of one example. */
export interface ClassProbabilities {
  readonly classes: readonly ClassProbability[]
  /** The most probable class. */
  readonly predicted: ClassProbability
}

/** A class with its predicted probability, from 0 to 1. */
export interface ClassProbability {
  readonly index: number
  readonly label: string
  readonly probability: number
}

/** Float32 probabilities may exceed 0 or 1 by this much. */
const rounding = 1e-4

/**
 * The probabilities of an example's classes, with their names. A single output p with two names
 * becomes 1 − p and p.
 *
 * @throws InvalidArgumentError if a value is not a probability
 */
export function readClassProbabilities(
  { data }: Pick<NdArray, 'data'>,
  labels: readonly string[],
): ClassProbabilities {
  const outputs = Array.from(data)
  const wrong = outputs.findIndex((value) => !isProbability(value))
  if (wrong >= 0 || outputs.length === 0) {
    const got = outputs.length === 0 ? 'none' : `${String(outputs[wrong])} at ${wrong}`
    const expected =
      'probabilities from 0 to 1; for a model that returns logits, set predictions to their softmax'
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

/** Whether each output can be a probability. */
export function areProbabilities({ data }: Pick<NdArray, 'data'>): boolean {
  return data.length > 0 && Array.from(data).every(isProbability)
}

const isProbability = (value: number): boolean => value >= -rounding && value <= 1 + rounding

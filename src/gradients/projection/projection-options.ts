import { InvalidArgumentError } from '../../errors.js'
import { describe, assertKnownKeys, readPositiveInteger } from '../../options.js'
import { readSeed } from '../../random.js'

/** Gradients in fewer numbers, by a random projection whose inner products are unbiased. */
export interface ProjectionOptions {
  /** How many numbers a gradient may take at most, over all parameters; 4096, say. */
  readonly size: number
  /** Other matrices for another seed, an integer of 32 bits. Default 0. */
  readonly seed?: number | undefined
}

export interface ProjectionSettings extends ProjectionOptions {
  readonly seed: number
}

/** @throws InvalidArgumentError for what is no size, or no seed */
export function readProjection(value: unknown): ProjectionSettings {
  if (typeof value !== 'object' || value === null) {
    throw new InvalidArgumentError('projection', describe(value), 'an object: { size, seed }')
  }
  assertKnownKeys('projection', value, ['size', 'seed'])
  const { size, seed } = value as Partial<ProjectionOptions>
  return {
    size: readPositiveInteger('projection.size', size),
    seed: readSeed('projection.seed', seed ?? 0),
  }
}
